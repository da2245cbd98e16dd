# The shell functions of the scripts in the conformance cases.

# Adds a line to the trace, in one write.
say() {
  echo "$*" >>"$TRACE"
}

# Waits for a signal, for ever and without a child: this pipe has no writer.
stay() {
  while :; do read -r _ <&9; done 9<>"$NEVER"
}

# Whether a process is alive; a zombie is not.
lives() {
  [ -e "/proc/$1/stat" ] && read -r _ _ state _ <"/proc/$1/stat" && [ "$state" != Z ]
}

# Counts in a file of the service: $count is 1 at the first call, 2 at the second ... By lines, so that a kill in
# between leaves no file with half a number in it.
count() {
  count=1
  if [ -e "$1" ]; then while read -r _; do count=$((count + 1)); done <"$1"; fi
  echo >>"$1"
}

# Stores the current moment.
mark() {
  read -r moment _ </proc/uptime
  echo "$moment" >moment
}

# The time since the stored moment: $ago is 'at once' within the same second, else 'a second later'. The clock shows
# hundredths, and the limit is slightly below a second, for a clock that is read late.
ago() {
  read -r then <moment
  read -r now _ </proc/uptime
  hundredths=$((${now%.*}${now#*.} - ${then%.*}${then#*.}))
  if [ "$hundredths" -lt 90 ]; then ago='at once'; else ago='a second later'; fi
}
