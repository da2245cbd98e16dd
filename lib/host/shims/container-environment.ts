import { shell } from './shell.ts';

/**
 * Shell functions for shims: find the container environment (`_runtime`, `_folder`) and read a variable of it as
 * `variable-files.ts` does, with one fork for all variables. They use `die CODE MESSAGE`.
 *
 * Differences: a NUL in a file is left out, since a shell variable cannot contain one; bytes that are not UTF-8 are kept; a link to a
 * file in `/proc` is skipped; and variables that are left out are not reported.
 */
export const containerEnvironment = shell`
# A script that keeps no environment has no STAGEKEEPER_RUNTIME, but finds this program on its PATH.
# This program may also be called by a link, such as /usr/bin/with-contenv.
_runtime=\${STAGEKEEPER_RUNTIME:-\${0%/bin/*}}
if [ -z "\${STAGEKEEPER_RUNTIME-}" ] && ! [ -d "$_runtime/container_environment" ]; then
  _runtime=$(readlink -f "$0")
  _runtime=\${_runtime%/bin/*}
fi
_folder=$_runtime/container_environment
_newline='
'

require_folder() {
  [ -d "$_folder" ] && [ -r "$_folder" ] && [ -x "$_folder" ] && return
  die 111 "unable to read $_folder: it exists only while its supervisor runs, and only accounts that may enter $_runtime can read it. Is STAGEKEEPER_RUNTIME right?"
}

# Sets _long to the files in these paths that are longer than any variable, which must not be read to their end.
find_long() {
  _long=$_newline$(find -L "$@" -prune -type f -size +131073c 2>/dev/null)$_newline
}

# Sets _value to the value in the file of a variable; fails if it has none. A file of size 0 is empty, or is a file of the kernel
# that may block a reader. (131072: the bytes of a variable with its name, = and NUL.)
read_variable() {
  [ -f "$1" ] && [ -r "$1" ] && [ -s "$1" ] || return
  case $_long in *"$_newline$1$_newline"*) return 1 ;; esac
  _value= _between= _line= _set=
  while IFS= read -r _line; do
    _value=$_value$_between$_line
    _between=$_newline
    _set=1
  done <"$1"
  if [ -n "$_line" ]; then
    _value=$_value$_between$_line
    _set=1
  fi
  _line=\${1##*/}=$_value
  [ -n "$_set" ] && [ "\${#_line}" -lt 131072 ]
}
`;
