import { shell } from './shell.ts';

/**
 * A piece of a stand-in: finds the container environment (`_runtime`, `_folder`) and reads a variable of it as
 * `variable-files.ts` does, without a fork. It uses `die CODE MESSAGE`.
 *
 * Differences: a NUL in a file is left out, since no shell can hold one; bytes that are not UTF-8 are kept.
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

# Sets _value to what the file of a variable says; fails where that is no variable. (131072: as long as any can be.)
read_variable() {
  [ -f "$1" ] && [ -r "$1" ] || return
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
  [ -n "$_set" ] && [ "\${#_value}" -lt 131072 ]
}
`;
