#!/bin/sh
# Process 1 of a container that has neither tini nor the package koffi:
#
#   ENTRYPOINT ["/init.sh", "node", "init.js"]
#
# Runs its arguments as a child and exits with the child's exit code, or 128 + n if signal n has killed it. Meanwhile it
# does the two tasks of process 1 that Node does not do: it passes signals on, and it reaps orphans, which would otherwise
# stay zombies. Works with any POSIX sh: dash, bash, the ash of BusyBox.
#
# A shell starts background processes with INT and QUIT ignored. Node can still listen for them; another program may not,
# and is stopped by TERM.

if [ $# -eq 0 ]; then
  echo "usage: $0 PROGRAM [ARGUMENT ...]" >&2
  exit 64
fi

# `$!` is the child, once it exists.
pass() {
  signalled=yes
  kill -s "$1" "$!" 2>/dev/null
}
for signal in TERM HUP USR1 USR2 PWR; do
  trap "pass $signal" "$signal"
done

# A signal typed at a terminal reaches the child directly, in the same process group, and must not be passed on too.
for signal in INT QUIT WINCH; do
  if [ -t 0 ]; then trap 'signalled=yes' "$signal"; else trap "pass $signal" "$signal"; fi
done

# A shell gives background processes an empty stdin, so the child gets its stdin from a copy.
exec 9<&0
"$@" <&9 9<&- &
exec 9<&- </dev/null

# While a shell waits for one child it reaps every other. A signal ends the wait early, and then the code is not the
# child's: wait again, as long as the child exists.
while
  signalled=
  wait "$!"
  code=$?
  [ -n "$signalled" ] && kill -0 "$!" 2>/dev/null
do
  :
done

# After a signal just at the child's exit the code may belong to either. The shell still has the child's if it has not
# returned it yet.
if [ -n "$signalled" ]; then
  wait "$!"
  told=$?
  [ "$told" -eq 127 ] || code=$told
fi
exit "$code"
