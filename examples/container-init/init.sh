#!/bin/sh
# Process 1 of a container, for whoever has neither tini nor the package koffi:
#
#   ENTRYPOINT ["/init.sh", "node", "init.js"]
#
# Runs its arguments as a child and ends with the child's exit code, or 128 + n if signal n has killed it. Meanwhile it
# does the two things that process 1 is there for and Node does not do: it passes signals on, and it waits for the orphans
# that come to it, which would stay zombies. Any POSIX sh will do: dash, bash, the ash of BusyBox.
#
# A shell starts what is in the background with INT and QUIT ignored. Node takes no notice and can listen to them all the
# same; another program may not, and is stopped by TERM.

if [ $# -eq 0 ]; then
  echo "usage: $0 PROGRAM [ARGUMENT ...]" >&2
  exit 64
fi

# `$!` is the child, as soon as there is one.
pass() {
  signalled=yes
  kill -s "$1" "$!" 2>/dev/null
}
for signal in TERM HUP USR1 USR2 PWR; do
  trap "pass $signal" "$signal"
done

# What is typed at a terminal reaches the child without us, as it is in the same process group. Twice is once too often.
for signal in INT QUIT WINCH; do
  if [ -t 0 ]; then trap 'signalled=yes' "$signal"; else trap "pass $signal" "$signal"; fi
done

# A shell gives what is in the background an empty stdin, unless it is told twice.
exec 9<&0
"$@" <&9 9<&- &
exec 9<&- </dev/null

# While a shell waits for one child it reaps whoever else dies. A signal ends the wait early, and then the code is not the
# child's: wait on, as long as there is a child.
while
  signalled=
  wait "$!"
  code=$?
  [ -n "$signalled" ] && kill -0 "$!" 2>/dev/null
do
  :
done

# With a signal just at the child's end the code may be either's. The shell knows the child's if it has not told it yet.
if [ -n "$signalled" ]; then
  wait "$!"
  told=$?
  [ "$told" -eq 127 ] || code=$told
fi
exit "$code"
