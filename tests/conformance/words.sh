# The words that the scripts of the conformance cases are written in.

# Adds a line to the trace, in one write.
say() {
  echo "$*" >>"$TRACE"
}

# Waits for a signal, for ever and without a child: nobody ever writes to this pipe.
stay() {
  while :; do read -r _ <&9; done 9<>"$NEVER"
}

# Whether a process lives; one that is dead but not yet reaped does not.
lives() {
  [ -e "/proc/$1/stat" ] && read -r _ _ state _ <"/proc/$1/stat" && [ "$state" != Z ]
}

# Counts in a file of the service: $count is 1 at the first call, 2 at the second ... By lines, so that whoever is killed
# meanwhile leaves no file with half a number in it.
count() {
  count=1
  if [ -e "$1" ]; then while read -r _; do count=$((count + 1)); done <"$1"; fi
  echo >>"$1"
}

# Remembers this moment.
mark() {
  read -r moment _ </proc/uptime
  echo "$moment" >moment
}

# How long ago the remembered moment is: $ago is 'at once' within the same second, else 'a second later'. The clock shows
# hundredths, and the border lies a little below the second, for a clock that is read late.
ago() {
  read -r then <moment
  read -r now _ </proc/uptime
  hundredths=$((${now%.*}${now#*.} - ${then%.*}${then#*.}))
  if [ "$hundredths" -lt 90 ]; then ago='at once'; else ago='a second later'; fi
}
