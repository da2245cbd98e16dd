/**
 * The script of the guard's shell: POSIX, limited to what dash, bash and busybox have in common.
 *
 * Its arguments are the marker (or nothing) and the folder to remove at the end (or nothing). It reads lines from descriptor
 * 3: `group ID`, `leaderless ID` or `process ID` for what lives, `gone ID`, and `bye` for an orderly end. At end-of-file
 * without a `bye` it ends everything on its list, and all daemonized processes that carry the marker: it sends TERM and
 * CONT, and half a second later KILL to what is left. It signals whole groups, even those with a dead leader.
 *
 * At rest it blocks in one `read` and has no child. Adding and removing take constant time: `id_1` to `id_COUNT` is a list
 * without gaps, and `at_ID` is the index of an entry.
 *
 * The marker is searched for twice. First in all processes by a pipeline of four programs, since a shell reads one byte at a
 * time. They compare whole entries of an environment, but the text of another process may pass for the name of a file. So
 * the shell then reads the environment of each process found, where it cannot see the end of an entry. A descendant of a
 * process that is neither marked nor in a known group is left alone, as in `endDaemonized`: another program has started it
 * and is responsible for it.
 */
export const guardScript = `
trap '' TERM INT HUP QUIT
exec <&3 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
unset STAGEKEEPER_GUARD
marker=$1 folder=$2 count=0
newline='
'
# dash needs it before negative numbers; busybox does not know it.
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

# Sends a signal to the entry at this index; fails if it is gone.
send() {
  eval "id=\\$id_$2"
  eval "kind=\\$kind_$id"
  case $kind in
    process) kill -s "$1" "$id" ;;
    # A process with the pid of a dead leader has taken the number of its group, too.
    leaderless) ! kill -s 0 "$id" && kill -s "$1" $dashes "-$id" ;;
    group) kill -s "$1" $dashes "-$id" ;;
  esac
}

# Sends a signal to all, and removes what is gone; fails if nothing is left.
send_all() {
  index=$count
  while [ "$index" -gt 0 ]; do
    send "$1" "$index" || remove "$id"
    index=$((index - 1))
  done
  [ "$count" -gt 0 ]
}

read_stat() {
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

is_ancestor() {
  case $ancestors in *" $1 "*) return 0 ;; esac
  return 1
}

# Orphans are adopted by an ancestor of this shell, by process 1 or, for a moment after its end, still by the host.
is_orphan() {
  each=$1
  while carries "$each"; do
    [ "$parent" = "$PPID" ] || is_ancestor "$parent" && return
    each=$parent
    read_stat "$each" || return
    is_known_group "$group" && return
  done
  return 1
}

consider() {
  case $1 in '' | *[!0-9]*) return ;; esac
  is_ancestor "$1" || ! read_stat "$1" && return
  case $state in [ZX]) return ;; esac
  is_known_group "$group" || is_known "$1" && return
  is_orphan "$1" && add "$1" process && send "$2" "$count" && send CONT "$count"
}

# Adds the daemonized processes, and sends them a signal; fails if there are none.
end_daemonized() {
  [ "$marker" ] && [ -e /proc/$$/environ ] || return
  before=$count
  found=$(tail -n +1 /dev/null /proc/[0-9]*/environ | tr '\\0\\n' '\\n|' | grep -F -e '==> /proc/' -e "$marker" |
    sed 's,.*==> /proc/\\([0-9]*\\)/environ <==|,\\1\\
,')
  ancestors=' 0 1 ' each=$$
  while read_stat "$each" && [ "$parent" -gt 1 ]; do
    ancestors="$ancestors$parent " each=$parent
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

# Whatever fails from here on: a shell that cannot fork exits.
trap 'send_all KILL' EXIT
send_all TERM
send_all CONT
# The search through all processes is part of the half second.
sleep 0.5 &
timer=$!
end_daemonized TERM
while send_all 0 && kill -s 0 "$timer"; do
  sleep 0.03
done
kill -s KILL "$timer"
send_all KILL
trap - EXIT
for round in 1 2 3; do
  end_daemonized KILL || break
done
# In a folder that all accounts may write to, another account's file may have this name by now.
[ "$folder" ] && [ ! -L "$folder" ] && [ -O "$folder" ] || exit 0
rm -rf -- "$folder" || { sleep 0.05; rm -rf -- "$folder"; }
`;
