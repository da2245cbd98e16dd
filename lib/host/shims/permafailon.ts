import { requestCommands } from './request.ts';
import { shell } from './shell.ts';

/**
 * The shim for `s6-permafailon`: it sends the common request, and runs the program if the answer is no. The arguments of the program
 * are not part of the request, so their length is not limited.
 */
export function permafailon(runtime: string, host: number): string {
  return shell`#!/bin/sh
# s6-permafailon under Stagekeeper. A subshell sends the request, so that no variable and no descriptor of the program changes.
# Without a program it exits with 0 where it would run the program, like the real one.
(
  [ "$#" -le 3 ] || set -- "$1" "$2" "$3"

${requestCommands(runtime, host)}) || exit
shift 3
exec "$@"
`;
}
