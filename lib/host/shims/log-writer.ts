/**
 * What writes the lines, in the awk of mawk (1.3.4 or later), gawk and busybox.
 *
 * Variables: `t` and `T` (which stamps), `size`, `written` (the bytes of `current`), and the same moment twice: by the clock
 * (`clock`) and in seconds since the system's start (`uptime`), since awk's own clock knows whole seconds only. `end` is what
 * follows the last line, whether or not that has a newline: mawk makes a mess of one that has none. `probe` may come anywhere,
 * in the middle of a line too; it is left out, and answered by a signal to the process `asker`: USR1 if nothing has come since
 * the probe before, else USR2.
 */
export const writer = String.raw`
BEGIN {
  offset = clock - uptime
  limit = size - (size < 4000 ? size / 2 : 2000)
}

# The time in microseconds; the clock may have been set, and has a hundredth of a second at best.
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

# No two archives have the same name.
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

# Sets rest to the characters before a mark at the end of the record; fails if that has none.
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
