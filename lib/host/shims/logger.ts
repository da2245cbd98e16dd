import { shell } from './shell.ts';

/**
 * A logger for systems without `s6-log`: `sh -c LOGGER NAME AWK WRITER DIRECTORY [DIRECTIVE...]`. It supports the directives
 * n, s, t and T, writes the files that `s6-log -b` writes, and delays no line longer than that.
 *
 * A `cat` reads the input, and TERM ends this reader: awk itself cannot be stopped in order, but when its input ends it writes all
 * that it has read. So that no bytes in the memory of `cat` are lost, `cat` is stopped (STOP) first, and killed only if the kernel
 * has counted as many bytes out of it as into it. If those counts cannot be read (no /proc, hidepid, a program that its account may
 * not read), probes are written into the pipe behind its output. Once awk has answered three of them in a row without other bytes
 * in between, the pipe was empty and the reader had time to write, so it holds nothing and is killed; bytes that it reads in that
 * moment are lost. A warning reports when there was no such pause.
 *
 * Differences from `s6-log`: a last line without a newline is kept; the length of lines is not limited; other directives are
 * ignored, with a warning; a write error (the disk is full) ends it, and the line is lost.
 */
export const logger = shell`
_awk=$1 _writer=$2 _directory=$3
shift 3

die() {
  printf '%s\n' "$0: fatal: $2" >&2
  exit "$1"
}

warn() {
  printf '%s\n' "$0: warning: $1" >&2
}

number() {
  case $1 in
    ?*[!0-9]* | ? | ???????????*) die 100 "unrecognized directive: $1" ;;
  esac
  _number=\${1#?}
  _number=\${_number#"\${_number%%[!0]*}"}
  _number=\${_number:-0}
}

_size=99999 _t=0 _T=0 _others=
export KEEP=10
for _directive; do
  case $_directive in
    n*) number "$_directive" && KEEP=$_number ;;
    s*) number "$_directive" && _size=$_number ;;
    t) _t=1 ;;
    T) _T=1 ;;
    *) _others="$_others $_directive" ;;
  esac
done
[ "$_size" -ge 4096 ] || _size=4096
[ -z "$_others" ] || warn "ignored, since there is no s6-log here:$_others"

# mawk would wait for a full buffer. An awk without a clock must not start, or it would lose a line with every start.
_options=
case $("$_awk" -W version 2>&1 </dev/null) in
  mawk\ 1.3.4* | mawk\ [2-9]*) _options='-W interactive' ;;
  GNU* | *BusyBox*) ;;
  *) "$_awk" 'BEGIN { strftime("%Y", systime()) }' </dev/null || die 111 "$_awk has no strftime: install mawk, gawk or s6" ;;
esac

command -v cat >/dev/null || die 111 'there is no cat here'
[ -d "$_directory" ] || mkdir -m 2700 -- "$_directory" || die 111 "unable to make $_directory"
cd -- "$_directory" && [ -w . ] || die 111 "unable to write in $_directory"
true >>lock && exec 9>>lock || die 111 "unable to open $_directory/lock"
if command -v flock >/dev/null && ! flock -n 9; then
  die 111 "unable to lock $_directory/lock: another logger writes there"
fi

# Removes the oldest archives.
export TRIM='set -- @????????????????????????.[su]
while [ "$#" -gt "$KEEP" ]; do
  rm -f -- "$1"
  shift
done'
export ROTATE='chmod u+x current && mv current "$NEW" && : >current
eval "$TRIM"'

_clock=$(date +%s.%N)
_uptime=0
[ ! -r /proc/uptime ] || read -r _uptime _rest </proc/uptime
case $_clock in
  *.*[!0-9]*) _clock=\${_clock%%.*}.0 ;;
esac

# Without the executable bit, which a logger sets when it ends in order, it is from a logger that was killed.
if [ -s current ] && ! [ -x current ]; then
  _fraction=\${_clock#*.}
  _fraction=\${_fraction#"\${_fraction%%[!0]*}"}
  mv current "$(printf '@%016x%08x.u' $((0x400000000000000a + \${_clock%.*})) "\${_fraction:-0}")"
  eval "$TRIM"
fi
_written=0
if [ -x current ]; then
  chmod u-x current
  _written=$(wc -c <current)
fi
true >>current || die 111 "unable to write $_directory/current"

rm -f .pipe .gate
# mkfifo -m would set the mode through /proc, which may not exist.
(umask 077 && mkfifo .pipe .gate) || die 111 "unable to make $_directory/.pipe"
exec 3<&0 4<>.pipe 5>.pipe 6<.pipe 4<&- 7<>.gate
_end="the end, says $$ at $_clock"
_probe="a probe, says $$ at $_clock"

# Gives up before the gate is opened: nothing that must be logged has been read yet. Sets _code to the exit code of the reader; waits
# for it and awk, since they hold the lock.
give_up() {
  trap '' TERM HUP
  exec 5>&-
  # Some shells print a message for each killed process.
  { kill -KILL "\${_reader:-$!}"; wait "\${_reader:-$!}"; _code=$?; wait; } 2>/dev/null
  rm -f .pipe .gate
  chmod u+x current
}

_reader=
trap 'give_up; exit 0' TERM HUP
(
  trap '' TERM HUP
  exec cat .gate - <&3 >&5 3<&- 5>&- 6<&- 7>&-
) &
_reader=$!
# Only the reader holds the write end, so that its exit causes end-of-file.
exec 5>&-

# Sets _state to the state of the reader (S: it waits); fails if it has ended, or /proc cannot be read.
look_at_reader() {
  _state=S
  read -r _stat 2>/dev/null <"/proc/$_reader/stat" || return
  _state=\${_stat##*) }
  _state=\${_state%% *}
}

# Stops the reader, and sets _held to the number of bytes that it has read and not written, and _counted if the kernel's counts can be read.
hold_reader() {
  _held=1 _looks=0
  kill -STOP "$_reader"
  while look_at_reader && [ "$_state" != T ]; do
    [ "$_state" != Z ] || break
    [ "$_looks" -lt 10000 ] || return 0
    _looks=$((_looks + 1))
  done
  _held=0
  [ "$_state" = T ] && [ -r "/proc/$_reader/io" ] || return 0
  while read -r _key _value; do
    case $_key in
      rchar:) _held=$((_value - _own)) ;;
      wchar:) _held=$((_held - _value)) _counted=$_value ;;
    esac
  done <"/proc/$_reader/io"
}

# The bytes that it has read for itself (its libraries) are known once it has passed on a first line and waits at the gate.
echo >&7
if ! read -r _line <&6; then
  give_up
  die 111 "cat ended with $_code"
fi
exec 5>.pipe
_own=0 _counted=0
hold_reader
_own=$_held
kill -CONT "$_reader"

(
  trap '' TERM HUP
  exec "$_awk" $_options -v "t=$_t" -v "T=$_T" -v "size=$_size" -v "written=$_written" \
    -v "clock=$_clock" -v "uptime=$_uptime" -v "end=$_end" \
    -v "probe=$_probe" -v "asker=$$" "$_writer" <&6 3<&- 5>&- 6<&- 7>&-
) &
_awk=$!
exec 3<&- 6<&- </dev/null

# Succeeds when the reader holds no bytes: it waits for input, or, if it never waits, was stopped in such a moment and stays stopped.
holds_nothing() {
  look_at_reader
  [ "$_state" != R ] || [ "$_tries" -le 25 ] || return
  hold_reader
  [ "$_held" -ne 0 ] || return 0
  kill -CONT "$_reader"
  return 1
}

# Only one probe is outstanding at a time: writing it blocks while the pipe is full.
is_at_rest() {
  look_at_reader
  [ "$_state" != Z ] && [ "$_quiet" -lt 2 ] || return 0
  [ -n "$_answered" ] || return
  _answered=
  printf '%s\n' "$_probe" >&5 &
  _prober=$!
  return 1
}

stop() {
  trap '' TERM HUP
  _tries=50 _quiet=0 _answered=1 _prober= _may_go=is_at_rest
  trap '_answered=1 _quiet=$((_quiet + 1))' USR1
  trap '_answered=1 _quiet=0' USR2
  [ "$_counted" -eq 0 ] || _may_go=holds_nothing
  until "$_may_go"; do
    _tries=$((_tries - 1))
    if [ "$_tries" -eq 0 ]; then
      warn 'stopped although there was no pause: what had just been read may be lost'
      break
    fi
    sleep 0.04
  done
  trap '' USR1 USR2
  for _pid in $_prober $_reader; do
    kill -KILL "$_pid"
    wait "$_pid"
  done 2>/dev/null
}

trap stop TERM HUP
exec 7>&-
rm .pipe .gate
wait "$_reader" 2>/dev/null
trap '' TERM HUP PIPE
printf '%s\n' "$_end" 2>/dev/null >&5
exec 5>&-
wait "$_awk"
_code=$?
[ "$_code" = 0 ] || die 111 "awk ended with $_code"
chmod u+x current
`;
