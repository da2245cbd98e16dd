import { quoted, shell } from './shell.ts';

/**
 * The stand-in for each program that speaks to the supervisor: it asks, says what it is answered, and ends with the exit
 * code that it is given. What is about a directory of somebody else's is left to the real program.
 *
 * @param runtime - The path of the runtime directory.
 * @param host - The pid of the supervisor's process.
 */
export function asking(runtime: string, host: number): string {
  return shell`#!/bin/sh
# Asks the Stagekeeper of this tree. What is none of its business is left to the real program, further down the PATH.
${question(runtime, host)}`;
}

/**
 * The piece of a stand-in that does this, by the arguments of the shell, which ends with it.
 *
 * A request is one write to a FIFO that the supervisor reads: the name of a FIFO for the answer, the working directory, the
 * program, how many arguments, the arguments, each followed by NUL. A write of up to 4096 bytes reaches it in one piece.
 */
export function question(runtime: string, host: number): string {
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
  exec "$program" "$@"
}

[ ! -d /proc/self ] || [ -d /proc/${String(host)} ] || die 100 "the supervisor of $run is gone"

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

mkfifo -m 600 "$run/replies/$$" || die 111 'no FIFO can be made for the answer'
exec 9<>"$run/replies/$$"
printf '%s\0' "$$" "$PWD" "$name" "$#" "$@" 1<>"$run/control"

while IFS= read -r line <&9; do
  case $line in
    1*) printf '%s\n' "\${line#?}" ;;
    2*) printf '%s\n' "\${line#?}" >&2 ;;
    '>') real "$@" ;;
    .*) exit "\${line#?}" ;;
  esac
done
`;
}
