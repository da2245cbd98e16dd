/**
 * What the guard's shell runs: POSIX, and no more than dash, bash and busybox have in common.
 *
 * It is given the marker of our processes (or nothing) and the folder to remove at the end (or nothing), and reads lines
 * from descriptor 3: `group ID`, `leaderless ID` or `process ID` for who lives, `gone ID`, and `bye` for an orderly end. At
 * the end of them without a `bye` it ends everybody: TERM and CONT, KILL to those still there half a second later, whole
 * groups, even those whose leaders are dead; and with them whoever has run away but carries the marker.
 *
 * At rest it waits in one `read` and has no child. Adding and removing take the same time however many there are: `id_1`
 * to `id_COUNT` is a list without gaps, and `at_ID` somebody's place in it.
 *
 * The marker is looked for twice. Once in all processes by four programs together, since a shell reads a byte at a time;
 * what they find is whole entries, but another process's text may pass for the name of a file. So the shell itself looks
 * into those found, where it cannot tell where an entry ends. A descendant of somebody who is neither marked nor in one of
 * our groups is left alone, as `endRunaways` does: somebody else has started it, and looks after it.
 */
export const guardScript = `
trap '' TERM INT HUP QUIT
exec <&3 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
unset STAGEKEEPER_GUARD
marker=$1 folder=$2 count=0
newline='
'
# Negative numbers need it in dash, and busybox does not know it.
dashes=--
kill -s 0 -- $$ || dashes=

add() {
  eval "kind_$1=$2 at=\\\${at_$1:-}"
  [ "$at" ] && return
  count=$((count + 1))
  eval "id_$count=$1 at_$1=$count"
}

remove() {
  eval "at=\\\${at_$1:-} last=\\$id_$count"
  [ "$at" ] || return
  eval "id_$at=$last at_$last=$at"
  unset "id_$count" "at_$1" "kind_$1"
  count=$((count - 1))
}

# Sends a signal to the one at this place; fails if nobody is there.
send() {
  eval "id=\\$id_$2"
  eval "kind=\\$kind_$id"
  case $kind in
    process) kill -s "$1" "$id" ;;
    # Whoever has the pid of a leader that is dead has the number of its group, too.
    leaderless) ! kill -s 0 "$id" && kill -s "$1" $dashes "-$id" ;;
    group) kill -s "$1" $dashes "-$id" ;;
  esac
}

# Sends a signal to all, and forgets who is not there any more; fails if nobody is left.
send_all() {
  place=$count
  while [ "$place" -gt 0 ]; do
    send "$1" "$place" || remove "$id"
    place=$((place - 1))
  done
  [ "$count" -gt 0 ]
}

look() {
  line=
  IFS= read -r line < "/proc/$1/stat" || return
  IFS=' '
  set -- \${line##*) }
  state=$1 parent=$2 group=$3
  case $parent$group in *[!0-9]*) return 1 ;; esac
}

carries() {
  while IFS= read -r line || [ "$line" ]; do
    case $line in *"$marker"*) return 0 ;; esac
  done < "/proc/$1/environ"
  return 1
}

is_known() {
  eval "[ \\"\\\${at_$1:-}\\" ]"
}

is_known_group() {
  eval "kind=\\\${kind_$1:-process}"
  [ "$kind" != process ]
}

is_above() {
  case $above in *" $1 "*) return 0 ;; esac
  return 1
}

# Orphans come to somebody above us, to process 1 or, a moment after its end, still to the host.
is_orphan() {
  each=$1
  while carries "$each"; do
    [ "$parent" = "$PPID" ] || is_above "$parent" && return
    each=$parent
    look "$each" || return
    is_known_group "$group" && return
  done
  return 1
}

consider() {
  case $1 in '' | *[!0-9]*) return ;; esac
  is_above "$1" || ! look "$1" && return
  case $state in [ZX]) return ;; esac
  is_known_group "$group" || is_known "$1" && return
  is_orphan "$1" && add "$1" process && send "$2" "$count" && send CONT "$count"
}

# Adds those who have run away, and sends them a signal; fails if there are none.
end_runaways() {
  [ "$marker" ] && [ -e /proc/$$/environ ] || return
  before=$count
  found=$(tail -n +1 /dev/null /proc/[0-9]*/environ | tr '\\0\\n' '\\n|' | grep -F -e '==> /proc/' -e "$marker" |
    sed 's,.*==> /proc/\\([0-9]*\\)/environ <==|,\\1\\
,')
  above=' 0 1 ' each=$$
  while look "$each" && [ "$parent" -gt 1 ]; do
    above="$above$parent " each=$parent
  done
  set -f
  IFS=$newline
  for entry in $found; do
    case $entry in
      "$marker") consider "$pid" "$1" ;;
      *[!0-9]*) ;;
      *) pid=$entry ;;
    esac
  done
  set +f
  [ "$count" -gt "$before" ]
}

while read -r kind id; do
  [ "$kind" = bye ] && exit
  case $id in '' | *[!0-9]* | 0* | 1) continue ;; esac
  case $kind in
    group | leaderless | process) add "$id" "$kind" ;;
    gone) remove "$id" ;;
  esac
done

# Whatever may go wrong from here on: a shell that cannot fork gives up.
trap 'send_all KILL' EXIT
send_all TERM
send_all CONT
# What the look at all processes takes is part of the half second.
sleep 0.5 &
timer=$!
end_runaways TERM
while send_all 0 && kill -s 0 "$timer"; do
  sleep 0.03
done
kill -s KILL "$timer"
send_all KILL
trap - EXIT
for round in 1 2 3; do
  end_runaways KILL || break
done
# In a folder that all may write to, another account's may have its name by now.
[ "$folder" ] && [ ! -L "$folder" ] && [ -O "$folder" ] || exit 0
rm -rf -- "$folder" || { sleep 0.05; rm -rf -- "$folder"; }
`;
