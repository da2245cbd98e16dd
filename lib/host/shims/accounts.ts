import { shell } from './shell.ts';

/** A piece of a stand-in: who we are and who others are, without a fork where the system's files say it. */
export const accounts = shell`
# Sets _uid and _gid to our own.
who_am_i() {
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

# Sets _id and _group to those of an account; fails where there is no such account.
look_up() {
  if [ -r /etc/passwd ]; then
    while IFS=: read -r _name _skip _id _group _skip || [ -n "$_name" ]; do
      [ "$_name" = "$1" ] && return
    done </etc/passwd
  fi
  # One that is not in the file may be known elsewhere; but a number is no name.
  case $1 in
    -* | *[!0-9]*) _id=$(id -u -- "$1" 2>/dev/null) && _group=$(id -g -- "$1" 2>/dev/null) ;;
    *) return 1 ;;
  esac
}
`;
