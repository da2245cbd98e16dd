import { shell } from './shell.ts';

/**
 * Shell functions for shims: evaluate an expression as `s6-test` and `eltest` do. They differ from test(1): a word that is an
 * operator is one wherever it stands, a word with a backslash before it never is and loses it; there may be any number of words; and
 * `=~`, `<`, `<=`, `>`, `>=` and `-v` are operators. The exit code of a wrong expression is 100. They use `die CODE MESSAGE`.
 *
 * Difference: `-N` is rejected.
 */
export const testExpression = shell`
# Sets _kind and _word to the kind and the value of the word at _at.
look() {
  if [ "$_at" -gt "$#" ]; then
    _kind=end
    return
  fi
  eval '_word="\${'"$_at"'}"'
  case $_word in
    -[nzfhLekbcdgprstuwxOUGSv]) _kind=unary ;;
    = | != | -eq | -ne | -gt | -ge | -lt | -le | -nt | -ot | -ef | '<' | '<=' | '>' | '>=' | '=~') _kind=binary ;;
    -N) die 100 '-N is not supported here' ;;
    -a | -o | '!' | '(' | ')') _kind=$_word ;;
    *)
      _kind=data
      _word=\${_word#\\}
      ;;
  esac
}

step() {
  _at=$((_at + 1))
  look "$@"
}

bad() {
  die 100 "parse error at argument $_at"
}

integer() {
  case \${1#[-+]} in
    '' | *[!0-9]*) die 100 "$_operator requires integer arguments" ;;
  esac
}

# Sets _is to 0 if the test of one value is true, else to 1.
unary() {
  [ "$_skip" -eq 0 ] || return 0
  case $1 in
    -U) [ -O "$2" ] ;;
    -v)
      case $2 in '' | [0-9]* | *[!A-Za-z0-9_]*) false ;; *) eval '[ -n "\${'"$2"'+x}" ]' ;; esac
      ;;
    -t)
      integer "$2"
      [ -t "$2" ]
      ;;
    *) [ "$1" "$2" ] ;;
  esac
  _is=$?
}

binary() {
  [ "$_skip" -eq 0 ] || return 0
  _operator=$2
  case $2 in
    = | !=) [ "x$1" "$2" "x$3" ] ;;
    '<' | '<=' | '>' | '>=') LC_ALL=C expr "x$1" "$2" "x$3" >/dev/null ;;
    '=~') matches "$1" "$3" ;;
    -nt) [ -e "$1" ] && { ! [ -e "$3" ] || [ "$1" -nt "$3" ]; } ;;
    -ot) ! [ -e "$1" ] || { [ -e "$3" ] && [ "$1" -ot "$3" ]; } ;;
    -ef) [ "$1" -ef "$3" ] ;;
    *)
      integer "$1"
      integer "$3"
      [ "$1" "$2" "$3" ]
      ;;
  esac
  _is=$?
}

matches() {
  printf '%s\n' "$1" | grep -Eq -e "$2" 2>/dev/null
  _matched=$?
  [ "$_matched" -le 1 ] || die 100 "unable to compile $2 into a regular expression"
  return "$_matched"
}

atom() {
  case $_kind in
    '!')
      step "$@"
      atom "$@"
      _is=$((1 - _is))
      ;;
    '(')
      step "$@"
      either "$@"
      [ "$_kind" = ')' ] || bad
      step "$@"
      ;;
    unary)
      _first=$_word
      step "$@"
      [ "$_kind" = data ] || bad
      unary "$_first" "$_word"
      step "$@"
      ;;
    data)
      _first=$_word
      step "$@"
      if [ "$_kind" != binary ]; then
        unary -n "$_first"
        return
      fi
      _second=$_word
      step "$@"
      [ "$_kind" = data ] || bad
      binary "$_first" "$_second" "$_word"
      step "$@"
      ;;
    *) bad ;;
  esac
}

# What follows a false -a or a true -o is not evaluated.
both() {
  atom "$@"
  while [ "$_kind" = -a ]; do
    step "$@"
    if [ "$_is" -eq 0 ]; then
      atom "$@"
    else
      _skip=$((_skip + 1))
      atom "$@"
      _skip=$((_skip - 1))
      _is=1
    fi
  done
}

either() {
  both "$@"
  while [ "$_kind" = -o ]; do
    step "$@"
    if [ "$_is" -ne 0 ]; then
      both "$@"
    else
      _skip=$((_skip + 1))
      both "$@"
      _skip=$((_skip - 1))
      _is=0
    fi
  done
}

test_words() {
  [ "$#" -gt 0 ] || exit 1
  _at=1 _skip=0 _is=0
  look "$@"
  either "$@"
  [ "$_kind" = end ] || bad
  exit "$_is"
}
`;
