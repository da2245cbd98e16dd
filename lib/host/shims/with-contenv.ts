import { containerEnvironment } from './container-environment.ts';
import { execlineFolder } from './programs.ts';
import { shell } from './shell.ts';

/**
 * The shim for `with-contenv` as a program: it clears the environment and loads the container environment, as this library does for
 * a script with `with-contenv` in its interpreter line.
 *
 * It ignores `S6_KEEP_ENV`, and skips folders among the variables, while s6-overlay's exits with 111. Variables that a service's
 * own `environment` sets are cleared with the others.
 */
export const withContenv = shell`#!/bin/sh
# with-contenv under Stagekeeper.
# With this locale bash handles single bytes.
LC_ALL=C

die() {
  printf '%s\n' "with-contenv: fatal: $2" >&2
  exit "$1"
}
${containerEnvironment}
[ "$#" -gt 0 ] || die 100 'usage: with-contenv prog...'
require_folder

# A program name that env would read as a variable.
case $1 in
  *=*) set -- /bin/sh -c 'exec "$@"' with-contenv "$@" ;;
esac

find_long "$_folder" ! -path "$_folder"
for _file in "$_folder"/*; do
  _name=\${_file##*/}
  case $_name in
    *=* | STAGEKEEPER_RUNTIME) continue ;;
  esac
  read_variable "$_file" || continue
  if [ "$_name" = PATH ]; then
    case :$_value: in
      :: | *":$_runtime/bin:"*) ;;
      *) _value=$_runtime/bin:$_value ;;
    esac
    case :$_value: in
      :: | *:${execlineFolder}:*) ;;
      *) [ ! -d ${execlineFolder} ] || _value=$_value:${execlineFolder} ;;
    esac
  fi
  set -- "$_name=$_value" "$@"
done
exec env -i -- "STAGEKEEPER_RUNTIME=$_runtime" "$@"
`;
