import { accounts } from './accounts.ts';
import { containerEnvironment } from './container-environment.ts';
import { logger } from './logger.ts';
import { writer } from './log-writer.ts';
import { programs } from './programs.ts';
import { quoted, shell } from './shell.ts';

/**
 * The shim for `logutil-service`: `s6-log -b` with the directives of `S6_LOGGING_SCRIPT`, under the account `nobody` when it is root;
 * without `s6-log`, the logger of this library.
 *
 * A FIFO given with `-f` is held open, so that it does not end when its writers close it.
 */
export const logutilService = shell`#!/bin/sh
# logutil-service under Stagekeeper.

die() {
  printf '%s\n' "logutil-service: fatal: $2" >&2
  exit "$1"
}

usage() {
  die 100 'usage: logutil-service [ -f fifo ] directory (which begins with a slash or a dot)'
}
${containerEnvironment}${accounts}${programs}
_fifo=
while getopts :f: _option; do
  case $_option in
    f) _fifo=$OPTARG ;;
    *) usage ;;
  esac
done
shift "$((OPTIND - 1))"
case \${1-} in
  [./]*) _directory=$1 ;;
  *) usage ;;
esac

if [ -n "$_fifo" ]; then
  [ -p "$_fifo" ] && [ -r "$_fifo" ] && [ -w "$_fifo" ] ||
    die 111 "unable to open $_fifo: it must be a FIFO (mkfifo) that may be read and written"
  exec <>"$_fifo"
fi

_directives='n20 s1000000 T'
find_long "$_folder/S6_LOGGING_SCRIPT"
if read_variable "$_folder/S6_LOGGING_SCRIPT"; then _directives=$_value; fi
set -f
IFS=' ${'\t'}'
set -- $_directives
unset IFS

if find_program s6-log; then
  set -- "$_found" -b -- "$@" "$_directory"
elif find_program awk || find_program mawk || find_program gawk; then
  set -- "PATH=$PATH" /bin/sh -c ${quoted(logger)} logutil-service "$_found" ${quoted(writer)} "$_directory" "$@"
else
  die 111 "there is neither s6-log nor awk here: install s6, mawk or gawk"
fi

own_account
[ "$_uid" = 0 ] || exec env -i "$@"
_account=65534:65534
if look_up nobody; then _account=nobody; fi
exec "$_runtime/bin/s6-setuidgid" "$_account" env -i "$@"
`;
