import { shell } from './shell.ts';

/** A piece of a stand-in: looks for programs as a shell does, but without a fork. */
export const programs = shell`
# Sets _found to the program of this name on a PATH; fails where there is none. An empty entry is nowhere.
find_on() {
  _rest=$1:
  while [ -n "$_rest" ]; do
    _found=\${_rest%%:*}/$2
    _rest=\${_rest#*:}
    [ "$_found" != "/$2" ] && [ -f "$_found" ] && [ -x "$_found" ] && return
  done
  return 1
}

find_program() {
  find_on "$PATH" "$1"
}

# The real program that we stand in for: further down the PATH, so that two who stand in for one another come to an end.
find_real() {
  _further=:$PATH:
  _further=\${_further#*":\${0%/*}:"}
  find_on "$_further" "$1"
}

# The same, but busybox's programs of that name, which know other words, are none.
find_unlike_busybox() {
  find_program busybox && _busybox=$_found || _busybox=
  find_program "$1" && { [ -z "$_busybox" ] || ! [ "$_found" -ef "$_busybox" ]; }
}
`;
