import { shell } from './shell.ts';

/** Where Debian has the small programs of execline, which is on no PATH; its `execlineb` is in `/usr/bin`. */
export const execlineFolder = '/usr/lib/execline/bin';

/** Shell functions for shims: look for programs as a shell does, without a fork. */
export const programs = shell`
# Sets _found to the program of this name on a PATH; fails if there is none. An empty entry matches nothing.
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

# Finds the real program that this one replaces: further down the PATH, so that two replacements do not call one another for ever,
# and not this one by another name of its folder.
find_real() {
  _further=:$PATH:
  _further=\${_further#*":\${0%/*}:"}
  while find_on "$_further" "$1"; do
    [ "$_found" -ef "$0" ] || return 0
    _further=$_rest
  done
  return 1
}

# The same, but does not accept the program of busybox, which has other options.
find_unlike_busybox() {
  find_program busybox && _busybox=$_found || _busybox=
  find_program "$1" && { [ -z "$_busybox" ] || ! [ "$_found" -ef "$_busybox" ]; }
}
`;
