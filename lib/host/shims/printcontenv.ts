import { containerEnvironment } from './container-environment.ts';
import { shell } from './shell.ts';

/** The shim for `printcontenv`. An empty file is not a variable here; s6-overlay's prints an empty line. */
export const printcontenv = shell`#!/bin/sh
# printcontenv under Stagekeeper.
# With this locale bash handles single bytes.
LC_ALL=C

die() {
  printf '%s\n' "printcontenv: fatal: $2" >&2
  exit "$1"
}
${containerEnvironment}
[ "$#" -gt 0 ] || die 100 'usage: printcontenv name'
require_folder

case $1 in
  '' | .* | *[=/]*) exit 1 ;;
esac
find_long "$_folder/$1"
read_variable "$_folder/$1" || exit 1
printf '%s\n' "$_value"
`;
