import { containerEnvironment } from './container-environment.ts';
import { shell } from './shell.ts';

/**
 * The stand-in for `with-contenv`, for those who call it as a program: it clears the environment and loads the container
 * environment, as we do for a script whose interpreter line names it.
 *
 * It does not look at `S6_KEEP_ENV`, and passes over folders among the variables, where s6-overlay's ends with 111. What a
 * service's own `environment` sets is cleared with the rest.
 */
export const withContenv = shell`#!/bin/sh
# with-contenv under Stagekeeper.
# So that bash takes bytes for what they are.
LC_ALL=C

die() {
  printf '%s\n' "with-contenv: fatal: $2" >&2
  exit "$1"
}
${containerEnvironment}
[ "$#" -gt 0 ] || die 100 'usage: with-contenv prog...'
require_folder

# What env would take for a variable.
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
  fi
  set -- "$_name=$_value" "$@"
done
exec env -i -- "STAGEKEEPER_RUNTIME=$_runtime" "$@"
`;
