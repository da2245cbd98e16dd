import { quoted, shell } from './shell.ts';

/**
 * The first field of each request: what it is, and in which version. The reader finds the next request by it, whatever was written
 * before. No path that a shell puts together has it at its end.
 */
export const requestMark = '//stagekeeper/1//';

/**
 * The stand-in for each program that speaks to the supervisor: it asks, says what it is answered, and ends with the exit
 * code that it is given. What is about a directory of somebody else's is left to the real program.
 *
 * @param runtime - The path of the runtime directory.
 * @param host - The pid of the supervisor's process.
 * @param patience - How many seconds it may take until the supervisor has heard.
 */
export function asking(runtime: string, host: number, patience = 10): string {
  return shell`#!/bin/sh
# Asks the Stagekeeper of this tree. What is none of its business is left to the real program, further down the PATH.
${question(runtime, host, patience)}`;
}

/**
 * The piece of a stand-in that does this, by the arguments of the shell, which ends with it.
 *
 * A request is one write to a FIFO that the supervisor reads: a mark, the name of a FIFO for the answer, the working directory,
 * the program, how many arguments, the arguments, each followed by NUL. A write of up to 4096 bytes reaches it in one piece.
 *
 * The FIFO for the answer is in a folder of the supervisor's account alone, and may itself be opened by that account also where
 * root asks. Whoever reads a FIFO comes to its end once nobody holds it open for writing: at first a pause does, and from
 * when the supervisor has heard, the supervisor. So nobody waits for one that cannot hear, or that dies meanwhile.
 */
export function question(runtime: string, host: number, patience = 10): string {
  return shell`run=${quoted(runtime)}
name=\${0##*/}

die() {
  echo "$name: fatal: $2" >&2
  exit "$1"
}

real() {
  rest=:$PATH:
  rest=\${rest%%:"$run"/bin:*}:\${rest#*:"$run"/bin:}
  rest=\${rest#:}
  PATH=\${rest%:}
  program=$(command -v "$name") || die 111 "this directory is none of the supervisor's, and the real $name is not installed"
  exec "$program" "$@" 8<&-
}

# Where /proc hides the processes of other accounts (hidepid), it does not tell.
[ ! -d /proc/1 ] || [ -d /proc/${String(host)} ] || kill -s 0 ${String(host)} 2>/dev/null || die 100 "the supervisor of $run is gone"

# The first script may be faster than the supervisor, whose FIFO takes some milliseconds.
tries=100
until [ -p "$run/control" ]; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || die 100 "the supervisor of $run is not to be reached"
  sleep 0.02
done

# Characters that take more than one byte may take four.
words="$PWD $*"
most=3900
case $words in *[!\ -~]*) most=950 ;; esac
[ "\${#words}" -lt "$most" ] || die 100 'these are too many arguments'

patience=${String(patience)}
${exchange}`;
}

/** Asks, says what is answered, and ends. */
const exchange = shell`reply=$run/replies/$$
make() {
  (umask 0 && mkfifo "$reply")
}
[ -x "$run/replies" ] || die 111 'only root and the account of the supervisor may ask it'
make 2>/dev/null || { rm -f "$reply" && make; } || die 111 'no FIFO can be made for the answer'
exec 9<>"$reply"
sleep "$patience" >&9 2>&9 9>&- &
pause=$!
exec 8<"$reply" 9>&-
printf '%s\0' ${requestMark} "$$" "$PWD" "$name" "$#" "$@" 1<>"$run/control" ||
  die 111 'the supervisor cannot be asked'

why='does not answer'
while IFS= read -r line <&8; do
  case $line in
    +)
      { kill -s KILL "$pause" && wait "$pause"; } 2>/dev/null
      why='is gone'
      ;;
    1*) printf '%s\n' "\${line#?}" ;;
    2*) printf '%s\n' "\${line#?}" >&2 ;;
    '>') real "$@" ;;
    .*) exit "\${line#?}" ;;
  esac
done
rm -f "$reply"
die 100 "the supervisor of $run $why"
`;
