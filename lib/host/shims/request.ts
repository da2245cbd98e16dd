import { quoted, shell } from './shell.ts';

/**
 * The first field of each request: the protocol and its version. The reader finds the next request by it, whatever was written
 * before. No path that a shell builds ends with it.
 */
export const requestMark = '//stagekeeper/1//';

/**
 * The shim for each program that sends a request to the supervisor: it sends the request, prints the answer, and exits with the exit
 * code in it. If the directory does not belong to this supervisor, it runs the real program.
 *
 * @param runtime - The path of the runtime directory.
 * @param host - The pid of the supervisor's process.
 * @param timeout - The timeout until the supervisor has confirmed the request, in seconds.
 */
export function requestShim(runtime: string, host: number, timeout = 10): string {
  return shell`#!/bin/sh
# Sends a request to the Stagekeeper of this tree. For directories of other supervisors the real program runs, further down the PATH.
${requestCommands(runtime, host, timeout)}`;
}

/**
 * The commands of a shim that send the arguments of the shell as a request, print the answer and end the shell.
 *
 * A request is one write to a FIFO that the supervisor reads: a mark, the name of a FIFO for the answer, the working directory,
 * the program, the number of arguments, the arguments, each followed by NUL. A write of up to 4096 bytes arrives in one piece.
 *
 * Only the supervisor's account can enter the folder of the FIFO for the answer; that account may open the FIFO also when root has
 * made it. The reader of a FIFO gets end-of-file once no process has it open for writing: first a `sleep` holds it open, and once the
 * supervisor has read the request, the supervisor. So a shim does not wait for a supervisor that does not read or dies meanwhile.
 */
export function requestCommands(runtime: string, host: number, timeout = 10): string {
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
  rest=$PATH:
  while [ -n "$rest" ]; do
    program=\${rest%%:*}/$name
    rest=\${rest#*:}
    # The folder of this program may have other names, such as /command.
    if [ -f "$program" ] && [ -x "$program" ] && ! [ "$program" -ef "$0" ]; then exec "$program" "$@" 8<&-; fi
  done
  die 111 "this directory is none of the supervisor's, and the real $name is not installed"
}

# If /proc hides the processes of other accounts (hidepid), only the signal 0 can find the process.
[ ! -d /proc/1 ] || [ -d /proc/${String(host)} ] || kill -s 0 ${String(host)} 2>/dev/null || die 100 "the supervisor of $run is gone"

# The first script may run before the FIFO of the supervisor is ready, some milliseconds after the start.
tries=100
until [ -p "$run/control" ]; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || die 100 "the supervisor of $run cannot be reached"
  sleep 0.02
done

# A character that is not ASCII may take four bytes.
words="$PWD $*"
most=3900
case $words in *[!\ -~]*) most=950 ;; esac
[ "\${#words}" -lt "$most" ] || die 100 'these are too many arguments'

timeout=${String(timeout)}
${exchange}`;
}

/** Sends the request, prints the answer and exits. */
const exchange = shell`reply=$run/replies/$$
make() {
  (umask 0 && mkfifo "$reply")
}
[ -x "$run/replies" ] || die 111 'only root and the account of the supervisor may ask it'
make 2>/dev/null || { rm -f "$reply" && make; } || die 111 'no FIFO can be made for the answer'
exec 9<>"$reply"
sleep "$timeout" >&9 2>&9 9>&- &
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
