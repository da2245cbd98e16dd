import { question } from './request.ts';
import { shell } from './shell.ts';

/**
 * The stand-in for `s6-permafailon`: it asks by what it has in common with the others, and runs the program if the answer is
 * no. The program's own words need not reach the supervisor, however many they are.
 */
export function permafailon(runtime: string, host: number): string {
  return shell`#!/bin/sh
# s6-permafailon under Stagekeeper. A shell of its own asks, so that no variable and no descriptor of the program changes.
# Without a program, so does the real one, which ends with 0 then if it would have gone on.
(
  [ "$#" -le 3 ] || set -- "$1" "$2" "$3"

${question(runtime, host)}) || exit
shift 3
exec "$@"
`;
}
