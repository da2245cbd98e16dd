/**
 * What writes the lines, in the awk of mawk (1.3.4 or later), gawk and busybox.
 *
 * Variables: `t` and `T` (which stamps), `size`, `written` (the bytes of `current`), and the same moment twice: by the clock
 * (`clock`) and in seconds since the system's start (`uptime`), since awk's own clock knows whole seconds only. `end` is what
 * follows the last line, whether or not that has a newline: mawk makes a mess of one that has none.
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

{
  rest = length($0) - length(end)
  if (rest < 0 || substr($0, rest + 1) != end) {
    take($0)
  } else {
    if (rest > 0) take(substr($0, 1, rest))
    exit
  }
}
`;
