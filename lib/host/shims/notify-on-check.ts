import { shell } from './shell.ts';

/**
 * The shim for `s6-notifyoncheck`, which refuses to work without `s6-supervise`.
 *
 * It has the options, the defaults and the exit codes of the original. A watcher process ends the poller, and a check that still
 * runs, when the service has died: the leader of the session, which may be another process than the program (a script that runs
 * s6-notifyoncheck beside its service). Without /proc that is the program. Differences: a check that exceeds its `-t` gets TERM, while s6 lets it run on; and `-c` is a
 * command line for `sh` if there is no `execlineb`.
 */
export const notifyOnCheck = shell`#!/bin/sh
# s6-notifyoncheck under Stagekeeper. For a service that s6 itself supervises, the real program runs, further down the PATH.
# The names begin with an underscore, so that no variable of the program changes.

die() {
  echo "s6-notifyoncheck: $2" >&2
  exit "$1"
}

usage() {
  die 100 'usage: s6-notifyoncheck [ -d ] [ -3 fd ] [ -s initialsleep ] [ -T globaltimeout ] [ -t localtimeout ] [ -w waitingtime ] [ -n tries ] [ -c "checkprog..." ] prog...'
}

# The PATH after the folder of this program.
_further=\${PATH#*"\${0%/*}":}
if [ -e supervise/lock ] && PATH=$_further s6-svok . 2>/dev/null; then
  _real=$(PATH=$_further && command -v s6-notifyoncheck) && [ "$_real" != "$0" ] && exec "$_real" "$@"
fi

# Sets a variable to a number: digits and nothing else, without leading zeros, which would make it octal.
number() {
  case $2 in
    '' | *[!0-9]* | ???????????*) return 1 ;;
  esac
  _digits=\${2#"\${2%%[!0]*}"}
  eval "$1=\${_digits:-0}"
}

# Milliseconds as sleep takes them.
span() {
  _rest=$(($1 % 1000 + 1000))
  _span=$(($1 / 1000)).\${_rest#1}
}

# Sets _service to the leader of this session.
find_service() {
  _service=$$
  [ -r /proc/self/stat ] && read -r _stat </proc/self/stat || return
  _stat=\${_stat##*) }
  _stat=\${_stat#* * * }
  _stat=\${_stat%% *}
  [ -d "/proc/$_stat" ] && _service=$_stat
}

# A process of another account cannot be sent the signal 0.
lives() {
  [ -d "/proc/$_service" ] || kill -0 "$_service"
}

# Sends TERM to a process when the service has died, or after so many milliseconds (0: never).
watch() {
  _left=$1
  _step=100
  [ "$1" -eq 0 ] || [ "$1" -gt 100 ] || _step=$1
  span "$_step"
  while lives && { [ "$1" -eq 0 ] || [ "$_left" -gt 0 ]; }; do
    kill -0 "$2" || return
    sleep "$_span"
    _left=$((_left - _step))
  done
  while kill "$2"; do sleep "$_span"; done
}

# The same, without open descriptors.
limit() {
  exec </dev/null >/dev/null 2>&1
  [ "$_fd" -le 2 ] || eval "exec $_fd>&-"
  watch "$@"
}

# Sleeps in the background and waits, since a shell handles a signal immediately only while it waits.
pause() {
  span "$1"
  sleep "$_span" </dev/null >/dev/null 2>&1 &
  _child=$!
  wait "$_child"
}

check() {
  if [ -z "$_line" ]; then
    ./data/check &
  elif command -v execlineb >/dev/null; then
    execlineb -Pc "$_line" &
  else
    sh -c "$_line" &
  fi
  _child=$!
  if [ "$_local" -gt 0 ]; then
    limit "$_local" "$_child" &
  fi
  wait "$_child"
}

# The process that was started last may not be in _child yet. A process that was just forked can lose a signal, so the signal is
# repeated while the process exists.
abandon() {
  trap '' TERM
  for _pid in $_child $!; do
    _left=20
    while kill "$_pid" && [ "$_left" -gt 0 ]; do
      sleep 0.05
      _left=$((_left - 1))
    done
  done 2>/dev/null
  exit
}

poll() {
  _child=
  trap abandon TERM
  pause "$_initial"
  while ! check; do
    _tries=$((_tries - 1))
    [ "$_tries" -ne 0 ] && [ "$_waiting" -ne 0 ] || return
    pause "$_waiting"
  done
  eval "echo >&$_fd"
}

background() {
  poll &
  limit "$_global" "$!"
}

_fd= _line= _twice=
_initial=10 _global=0 _local=0 _waiting=1000 _tries=7
while getopts :d3:s:T:t:w:n:c: _option; do
  case $_option in
    d) _twice=1 ;;
    3) number _fd "$OPTARG" ;;
    s) number _initial "$OPTARG" ;;
    T) number _global "$OPTARG" ;;
    t) number _local "$OPTARG" ;;
    w) number _waiting "$OPTARG" ;;
    n) number _tries "$OPTARG" ;;
    c) _line=$OPTARG ;;
    *) usage ;;
  esac || usage
done

if [ "$OPTIND" -gt "$#" ]; then usage; fi
if [ -z "$_fd" ]; then
  [ -r notification-fd ] || die 111 'unable to read ./notification-fd'
  read -r _word <notification-fd
  number _fd "$_word" || die 100 'invalid ./notification-fd'
fi

# A shell that supports only descriptors of one digit (dash) is replaced by bash.
if ! (eval "exec $_fd>&-") 2>/dev/null; then
  command -v bash >/dev/null || die 111 "this system's sh has no descriptor $_fd, and there is no bash"
  exec bash "$0" "$@"
fi
(eval ": >&$_fd") 2>/dev/null || die 111 "notification-fd sanity check failed: descriptor $_fd is not open"
shift "$((OPTIND - 1))"

find_service
if [ -n "$_twice" ]; then (background &); else background & fi
eval "exec $_fd>&-"
exec "$@"
`;
