import { shell } from './shell.ts';

/** Shell functions for shims: look up the own account and other accounts, without a fork if the system's files contain them. */
export const accounts = shell`
# Sets _uid and _gid to those of this process.
own_account() {
  _uid= _gid=
  if [ -r /proc/self/status ]; then
    while read -r _key _skip _value _skip; do
      case $_key in
        Uid:) _uid=$_value ;;
        Gid:) _gid=$_value && return ;;
      esac
    done </proc/self/status
  fi
  _uid=$(id -u) _gid=$(id -g)
}

# Sets _id and _group to those of an account; fails if there is no such account.
look_up() {
  if [ -r /etc/passwd ]; then
    while IFS=: read -r _name _skip _id _group _skip || [ -n "$_name" ]; do
      [ "$_name" = "$1" ] && return
    done </etc/passwd
  fi
  # An account that is not in the file may come from another source; a number is not looked up as a name.
  case $1 in
    -* | *[!0-9]*) _id=$(id -u -- "$1" 2>/dev/null) && _group=$(id -g -- "$1" 2>/dev/null) ;;
    *) return 1 ;;
  esac
}
`;
