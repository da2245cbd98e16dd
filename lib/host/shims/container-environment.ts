import { shell } from './shell.ts';

/**
 * A piece of a stand-in: finds the container environment (`_runtime`, `_folder`) and reads a variable of it as
 * `variable-files.ts` does, with one fork for all. It uses `die CODE MESSAGE`.
 *
 * Differences: a NUL in a file is left out, since no shell can hold one; bytes that are not UTF-8 are kept; a link to a file in
 * `/proc` is passed over; and nothing is told of what is left out.
 */
export const containerEnvironment = shell`
# The marker is not there for scripts that keep no environment, but these have us on their PATH.
_runtime=\${STAGEKEEPER_RUNTIME:-\${0%/bin/*}}
_folder=$_runtime/container_environment
_newline='
'

require_folder() {
  [ -d "$_folder" ] && [ -r "$_folder" ] && [ -x "$_folder" ] && return
  die 111 "unable to read $_folder: it is there only while its supervisor runs, for those who may enter $_runtime. Is STAGEKEEPER_RUNTIME right?"
}

# Sets _long to the files in these places that are longer than any variable, which are not to be read to their end.
find_long() {
  _long=$_newline$(find -L "$@" -prune -type f -size +131073c 2>/dev/null)$_newline
}

# Sets _value to what the file of a variable says; fails where that is no variable. What has the size 0 is empty, or is a file of
# the kernel's for which a reader may have to wait. (131072: the bytes of a variable with its name, = and NUL.)
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
