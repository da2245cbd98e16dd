import { accounts } from './accounts.ts';
import { programs } from './programs.ts';
import { shell } from './shell.ts';

/**
 * The shim for `s6-setuidgid`: runs the real one if it is installed, else another program that can change the account. It keeps the
 * pid, and those entries of the environment that are variables for `sh`.
 *
 * Differences: a process that has that account already runs the program, while s6 rejects every account except root.
 */
export const setuidgid = shell`#!/bin/sh
# s6-setuidgid under Stagekeeper. The names begin with an underscore, so that no variable of the program changes.

die() {
  printf '%s\n' "s6-setuidgid: fatal: $2" >&2
  exit "$1"
}

usage() {
  die 100 'usage: s6-setuidgid account prog... (account: a name, uid:gid in numbers, or nothing)'
}
${accounts}${programs}
# Sets _id and _group; _name is empty for numbers, which have no supplementary groups.
resolve() {
  _name=
  case $_account in
    *:*:* | *[!0-9:]*:* | *:*[!0-9]* | :* | *:) usage ;;
    *:*) _id=\${_account%:*} _group=\${_account#*:} ;;
    *) look_up "$_account" || die 1 "unknown user: $_account" ;;
  esac
}

# su-exec and gosu set HOME, s6 does not. A program name that env would read as a variable is run by a shell.
keep_home() {
  case $1 in
    *=*) set -- sh -c 'exec "$@"' s6-setuidgid "$@" ;;
  esac
  if [ -n "\${HOME+set}" ]; then
    exec "$_tool" "$_account" env -- "HOME=$HOME" "$@"
  fi
  exec "$_tool" "$_account" env -u HOME -- "$@"
}

by_setpriv() {
  if [ -n "$_name" ]; then
    exec "$_found" --reuid "$_name" --regid "$_group" --init-groups -- "$@"
  fi
  exec "$_found" --reuid "$_id" --regid "$_group" --groups "$_group" -- "$@"
}

by_chpst() {
  _tool=$_found _groups=:$_group
  if [ -n "$_name" ]; then
    for _each in $(id -G -- "$_name"); do
      [ "$_each" = "$_group" ] || _groups=$_groups:$_each
    done
  fi
  exec "$_tool" -u ":$_id$_groups" "$@"
}

# Other implementations of su do not exec the program but stay its parent.
has_su_of_busybox() {
  for _each in busybox bbsuid; do
    find_program "$_each" && _tool=$_found && find_program su && [ "$_found" -ef "$_tool" ] && return
  done
  return 1
}

[ "$#" -ge 2 ] || usage
_account=$1
shift
[ -n "$_account" ] || exec "$@"

own_account
if [ "$_uid" != 0 ]; then
  resolve
  if [ "$_id:$_group" = "$_uid:$_gid" ]; then exec "$@"; fi
fi
if find_real s6-setuidgid; then exec "$_found" "$_account" "$@"; fi
[ "$_uid" = 0 ] || die 111 "only root can become $_account, and this is uid $_uid"

resolve
if find_unlike_busybox setpriv; then by_setpriv "$@"; fi
for _each in su-exec gosu; do
  if find_program "$_each"; then
    _tool=$_found
    keep_home "$@"
  fi
done
if find_unlike_busybox chpst; then by_chpst "$@"; fi
if [ -n "$_name" ] && has_su_of_busybox; then
  exec "$_found" -m -s /bin/sh -c 'exec "$@"' -- "$_name" s6-setuidgid "$@"
fi
die 111 "there is no program here that can make this $_account: install util-linux (setpriv), su-exec, gosu, runit (chpst) or s6"
`;
