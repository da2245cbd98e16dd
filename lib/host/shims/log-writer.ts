/**
 * The program that writes the lines, for the awk of mawk (1.3.4 or later), gawk and busybox.
 *
 * Variables: `t` and `T` (which stamps), `size`, `written` (the bytes of `current`), and one moment in two clocks: the wall clock
 * (`clock`) and seconds since the system's start (`uptime`), since awk's own clock has whole seconds only. `end` is the text that
 * follows the last line, whether or not that has a newline: mawk does not handle a last line without one. `probe` may appear
 * anywhere, also in the middle of a line; it is removed from the log, and answered by a signal to the process `asker`: USR1 if no
 * bytes have arrived since the previous probe, else USR2.
 */
export const writer = String.raw`
BEGIN {
  offset = clock - uptime
  limit = size - (size < 4000 ? size / 2 : 2000)
}

# Reads the time in microseconds. The clock may have been set; its resolution is a hundredth of a second at best.
function look_at_clock(    line, up, second, now) {
  if ((getline line < "/proc/uptime") > 0) up = line + 0
  close("/proc/uptime")
  second = systime()
  now = up + offset
  if (now < second || now >= second + 1.1) {
    offset = second - up
    now = second
  }
  seconds = int(now) > second ? second : int(now)
  micros = int((now - seconds) * 1000000 + 0.5)
  if (micros > 999999) micros = 999999
}

function label(seconds, nanos) {
  seconds += 10
  return sprintf("@40000000%04x%04x%08x", int(seconds / 65536), seconds % 65536, nanos)
}

function date() {
  if (seconds != dated) {
    dated = seconds
    text = strftime("%Y-%m-%d %H:%M:%S", seconds)
  }
  return sprintf("%s.%06d000", text, micros)
}

# Gives each archive a unique name.
function rotate(    name) {
  close("current")
  look_at_clock()
  name = label(seconds, micros * 1000 + rotations++ % 1000)
  system("NEW=" name ".s; eval \"$ROTATE\"")
  written = 0
}

function take(line,    stamps) {
  if (t || T) look_at_clock()
  if (t) stamps = label(seconds, micros * 1000) " "
  if (T) stamps = stamps date() "  "
  line = stamps line
  print line >> "current"
  fflush("current")
  written += length(line) + 1
  if (written >= limit) rotate()
}

# Sets rest to the number of characters before a mark at the end of the record; fails if the record does not end with it.
function ends_with(mark) {
  rest = length($0) - length(mark)
  return rest >= 0 && substr($0, rest + 1) == mark
}

{
  if (ends_with(probe)) {
    begun = begun substr($0, 1, rest)
    system("kill -s " (probed && rest == 0 ? "USR1 " : "USR2 ") asker)
    probed = 1
  } else if (ends_with(end)) {
    begun = begun substr($0, 1, rest)
    if (begun != "") take(begun)
    exit
  } else {
    take(begun $0)
    begun = ""
    probed = 0
  }
}
`;
