import { programs } from './programs.ts';
import { shell } from './shell.ts';
import { testExpression } from './test-expression.ts';

/** The programs of s6-portable-utils, execline and s6-overlay that `portableUtils` replaces where they are not installed. */
export const portableNames: readonly string[] = [
  'eltest',
  'logutil-newfifo',
  's6-basename',
  's6-cat',
  's6-chmod',
  's6-chown',
  's6-dirname',
  's6-dumpenv',
  's6-echo',
  's6-env',
  's6-expr',
  's6-false',
  's6-head',
  's6-hiercopy',
  's6-linkname',
  's6-ln',
  's6-ls',
  's6-mkdir',
  's6-mkfifo',
  's6-pause',
  's6-rename',
  's6-rmrf',
  's6-seq',
  's6-sleep',
  's6-sort',
  's6-test',
  's6-touch',
  's6-true',
];

/**
 * One shim for the programs of s6-portable-utils that scripts of s6-overlay trees call: a link to it of each name. The real program
 * runs, if it is installed; else the program of the system with the same purpose, or the shell.
 *
 * Differences: what a program of the system says on stderr, and its exit codes above 0, are its own; `s6-dumpenv` ends each value
 * with a newline; `s6-pause -p` ignores the signals.
 */
export const portableUtils = shell`#!/bin/sh
# Programs of s6-portable-utils under Stagekeeper. The names begin with an underscore, so that no variable of a program changes.
_program=\${0##*/}

die() {
  printf '%s\n' "$_program: fatal: $2" >&2
  exit "$1"
}
${programs}
if find_real "$_program"; then exec "$_found" "$@"; fi
${testExpression}
# Milliseconds or seconds as sleep takes them.
span() {
  case $2 in '' | *[!0-9]*) die 100 'usage: s6-sleep [ -m ] duration prog...' ;; esac
  [ -n "$1" ] || { _span=$2 && return; }
  _rest=$(($2 % 1000 + 1000))
  _span=$(($2 / 1000)).\${_rest#1}
}

echo_words() {
  _end='
' _separator=' '
  while getopts :ns: _option; do
    case $_option in
      n) _end= ;;
      s) _separator=\${OPTARG%"\${OPTARG#?}"} ;;
      *) die 100 'usage: s6-echo [ -n ] [ -s sep ] args...' ;;
    esac
  done
  shift "$((OPTIND - 1))"
  _text=
  for _word in "$@"; do _text=$_text$_separator$_word; done
  printf '%s' "\${_text#"$_separator"}$_end"
}

# The variables UID and GID of the environment: a shell may have others of these names.
from_environment() {
  _uid=$(env | sed -n 's/^UID=//p')
  _gid=$(env | sed -n 's/^GID=//p')
}

change_owner() {
  _uid= _gid=
  while getopts :Uu:g: _option; do
    case $_option in
      U) from_environment ;;
      u) _uid=$OPTARG ;;
      g) _gid=$OPTARG ;;
      *) die 100 'usage: s6-chown [ -U ] [ -u uid ] [ -g gid ] file' ;;
    esac
  done
  shift "$((OPTIND - 1))"
  [ -n "$_uid$_gid" ] || exit 0
  exec chown "$_uid\${_gid:+:$_gid}" "$@"
}

dump_environment() {
  umask 022
  while getopts :m:N _option; do
    case $_option in
      m) _mode=$OPTARG ;;
      N) ;;
      *) die 100 'usage: s6-dumpenv [ -m mode ] envdir' ;;
    esac
  done
  shift "$((OPTIND - 1))"
  [ "$#" -eq 1 ] || die 100 'usage: s6-dumpenv [ -m mode ] envdir'
  mkdir -p -- "$1" || exit 111
  [ -z "\${_mode-}" ] || chmod -- "$_mode" "$1" || exit 111
  # awk adds the variables of its own names.
  _folder=$1 exec awk 'BEGIN {
    for (name in ENVIRON) {
      if (name ~ /\// || name ~ /^(_.*|AWKPATH|AWKLIBPATH)$/) continue
      file = ENVIRON["_folder"] "/" name
      printf "%s\n", ENVIRON[name] > file
      close(file)
    }
  }'
}

copy() {
  [ "$#" -eq 2 ] || die 100 'usage: s6-hiercopy src dst'
  if [ -d "$1" ] && ! [ -h "$1" ]; then
    mkdir -p -- "$2" && exec cp -a -- "$1/." "$2/"
    exit 111
  fi
  exec cp -a -- "$1" "$2"
}

sleep_first() {
  _unit=
  if [ "\${1-}" = -m ]; then
    _unit=m
    shift
  fi
  [ "$#" -ge 1 ] || die 100 'usage: s6-sleep [ -m ] duration prog...'
  span "$_unit" "$1"
  shift
  [ "$#" -gt 0 ] || exec sleep "$_span"
  sleep "$_span"
  exec "$@"
}

# Without a trap a signal ends tail as it ends the real one.
pause() {
  _traps=
  while getopts :thaqbip: _option; do
    case $_option in
      t) _traps="$_traps TERM" ;;
      h) _traps="$_traps HUP" ;;
      a) _traps="$_traps ALRM" ;;
      q) _traps="$_traps QUIT" ;;
      b) _traps="$_traps ABRT" ;;
      i) _traps="$_traps INT" ;;
      p) (IFS=, && trap '' $OPTARG) 2>/dev/null && IFS=, && trap '' $OPTARG && unset IFS ;;
      *) die 100 'usage: s6-pause [ -t ] [ -h ] [ -a ] [ -q ] [ -b ] [ -i ] [ -p signal,signal... ]' ;;
    esac
  done
  [ -n "$_traps" ] || exec tail -f /dev/null
  trap 'kill "$!" 2>/dev/null; exit 0' $_traps
  tail -f /dev/null &
  wait "$!"
}

first_lines() {
  while :; do
    case \${1-} in
      -S) shift ;;
      -[1-9])
        _lines=\${1#-}
        shift
        exec head -n "$_lines" "$@"
        ;;
      *) exec head "$@" ;;
    esac
  done
}

# basename and dirname: with -n without a newline.
part() {
  _tool=$1 _end='
'
  shift
  if [ "\${1-}" = -n ]; then
    _end=
    shift
  fi
  _text=$("$_tool" "$@") || exit 100
  printf '%s' "$_text$_end"
}

# -a is without . and .., and -A with them: the reverse of ls.
list() {
  _which=-1 _end='\n' _excluded=
  while getopts :0aAx: _option; do
    case $_option in
      0) _end='\0' ;;
      a) _which=-1A ;;
      A) _which=-1a ;;
      x) _excluded=$OPTARG ;;
      *) die 100 'usage: s6-ls [ -0 ] [ -a | -A ] [ -x exclude ] dir' ;;
    esac
  done
  shift "$((OPTIND - 1))"
  [ "$#" -ge 1 ] || die 100 'usage: s6-ls [ -0 ] [ -a | -A ] [ -x exclude ] dir'
  [ -d "$1" ] || die 111 "unable to open directory $1"
  _names=$(ls "$_which" -- "$1") || exit 111
  [ -n "$_names" ] || exit 0
  printf '%s\n' "$_names" | while IFS= read -r _name; do
    [ "$_name" = "$_excluded" ] || printf "%s$_end" "$_name"
  done
}

sorted() {
  LC_ALL=C && export LC_ALL
  for _word in "$@"; do
    shift
    case $_word in -*0*) _word=$(printf '%s' "$_word" | tr 0 z) ;; esac
    set -- "$@" "$_word"
  done
  exec sort "$@"
}

new_fifo() {
  _mode=0600 _owner=root
  while getopts :m:o: _option; do
    case $_option in
      m) _mode=$OPTARG ;;
      o) _owner=$OPTARG ;;
      *) die 100 'usage: logutil-newfifo [ -m mode ] [ -o owner ] fifo' ;;
    esac
  done
  shift "$((OPTIND - 1))"
  [ "$#" -eq 1 ] || die 100 'usage: logutil-newfifo [ -m mode ] [ -o owner ] fifo'
  rm -rf -- "$1" && mkfifo -m "$_mode" -- "$1" && exec chown "$_owner" "$1"
  exit 111
}

case $_program in
  eltest | s6-test) test_words "$@" ;;
  logutil-newfifo) new_fifo "$@" ;;
  s6-basename | s6-dirname) part "\${_program#s6-}" "$@" ;;
  s6-cat) exec cat ;;
  s6-chown) change_owner "$@" ;;
  s6-dumpenv) dump_environment "$@" ;;
  s6-echo) echo_words "$@" ;;
  s6-head) first_lines "$@" ;;
  s6-hiercopy) copy "$@" ;;
  s6-linkname) exec readlink "$@" ;;
  s6-ls) list "$@" ;;
  s6-mkdir)
    [ "\${1-}" != -v ] || shift
    exec mkdir "$@"
    ;;
  s6-pause) pause "$@" ;;
  s6-rename) exec mv -- "$@" ;;
  s6-rmrf)
    [ "\${1-}" != -- ] || shift
    exec rm -rf -- "$@"
    ;;
  s6-sleep) sleep_first "$@" ;;
  s6-sort) sorted "$@" ;;
  s6-true) exit 0 ;;
  s6-false) exit 1 ;;
  *) exec "\${_program#s6-}" "$@" ;;
esac
`;
