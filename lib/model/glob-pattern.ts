/**
 * The pattern of one name in a path, as glob(3) reads it in the C locale: `*`, `?`, `[...]`, `[!...]` and `[^...]` with ranges,
 * classes (`[:digit:]`), single collating elements (`[.-.]`) and equivalents (`[=a=]`), and a backslash before what is meant
 * as it is. An opening bracket without its end stands for itself, and so does everything else.
 *
 * Patterns and names are byte strings: each character is one byte, from 0 to 255. `?` and brackets match one byte.
 */
export interface GlobPattern {
  /** The only name that the pattern stands for; absent if it has a wildcard. */
  readonly name?: string;
  /**
   * Whether a name matches. A leading dot is matched only by a dot that is written. The time does not grow faster than the
   * length of the pattern and the square of that of the name.
   */
  matches(name: string): boolean;
}

/** Reads a path: the patterns of its names; a string tells what is not understood. A backslash before a slash changes nothing. */
export function parseGlobPath(path: string): readonly GlobPattern[] | string {
  const patterns: GlobPattern[] = [];
  const unescaped = path.replace(/\\([\s\S])/g, (pair, next) => (next === '/' ? '/' : pair));
  for (const segment of splitPath(unescaped)) {
    const pattern = parseGlob(segment);
    if (typeof pattern === 'string') return pattern;
    patterns.push(pattern);
  }
  return patterns;
}

/** Splits a path into its names. A slash at the end means a folder, as `/.` does. */
export function splitPath(path: string): readonly string[] {
  const whole = /[^/]\/+$/.test(path) ? `${path}.` : path;
  return whole.split('/').filter((name) => name !== '');
}

/** Reads the pattern of one name; a string tells what is not understood. */
export function parseGlob(segment: string): GlobPattern | string {
  const tokens: Token[] = [];
  const open = new Set<number>();
  for (let at = 0; at < segment.length;) {
    const read = readToken(segment, at, open);
    if (typeof read === 'string') return read;
    tokens.push(read.token);
    at = read.end;
  }
  const shortest = tokens.filter((token) => token !== star).length;
  const name = nameOf(tokens);
  return {
    ...(name !== undefined && { name }),
    matches: (text) => shortest <= text.length && matchTokens(tokens, text),
  };
}

/** `*`, `?`, one byte, or a set of bytes. */
type Token = typeof star | typeof anyByte | number | ByteSet;

const star = '*';
const anyByte = '?';

interface ByteSet {
  readonly negated: boolean;
  readonly ranges: readonly Range[];
}

/** From a byte to a byte; empty if it runs backwards. */
type Range = readonly [from: number, to: number];

function nameOf(tokens: readonly Token[]): string | undefined {
  const bytes = tokens.filter((token) => typeof token === 'number');
  if (bytes.length < tokens.length) return undefined;
  return bytes.map((byte) => String.fromCharCode(byte)).join('');
}

/**
 * Every token but `*` takes one byte, so that on a mismatch only the last `*` has to take one byte more: what precedes it has
 * matched as early as it can.
 */
function matchTokens(tokens: readonly Token[], text: string): boolean {
  if (text.startsWith('.') && tokens[0] !== dot) return false;
  let at = 0;
  let index = 0;
  let last: { token: number; at: number } | undefined;
  while (at < text.length) {
    const token = tokens[index];
    if (token === star) {
      last = { token: index, at };
      index += 1;
    } else if (token !== undefined && accepts(token, text.charCodeAt(at))) {
      index += 1;
      at += 1;
    } else if (last !== undefined) {
      last.at += 1;
      at = last.at;
      index = last.token + 1;
    } else {
      return false;
    }
  }
  return tokens.slice(index).every((token) => token === star);
}

const dot = 0x2e;

function accepts(token: Token, byte: number): boolean {
  if (typeof token === 'number') return token === byte;
  if (typeof token === 'string') return true;
  return token.ranges.some(([from, to]) => from <= byte && byte <= to) !== token.negated;
}

interface Read<T> {
  readonly token: T;
  readonly end: number;
}

function readToken(segment: string, at: number, open: Set<number>): Read<Token> | string {
  const character = segment[at];
  if (character === star || character === anyByte) return { token: character, end: at + 1 };
  if (character === '[') {
    const set = readBracket(segment, at, open);
    return set ?? { token: segment.charCodeAt(at), end: at + 1 };
  }
  return readByte(segment, at) ?? 'has a name that ends with a backslash';
}

/** One byte, after a backslash or not; `undefined` at the end. */
function readByte(segment: string, at: number): Read<number> | undefined {
  const place = segment[at] === '\\' ? at + 1 : at;
  if (place >= segment.length) return undefined;
  return { token: segment.charCodeAt(place), end: place + 1 };
}

/**
 * A bracket expression; `undefined` if it has no end, a string if something in it is not supported. Places from which no end
 * is reached are kept in `open`, so that many opening brackets without an end take linear time.
 */
function readBracket(
  segment: string,
  start: number,
  open: Set<number>,
): Read<ByteSet> | string | undefined {
  const negated = /[!^]/.test(segment[start + 1] ?? '');
  const first = start + (negated ? 2 : 1);
  const ranges: Range[] = [];
  const visited: number[] = [];
  for (let at = first; at < segment.length && !open.has(at);) {
    if (segment[at] === ']' && at > first) return { token: { negated, ranges }, end: at + 1 };
    if (at > first) visited.push(at);
    const read = readClass(segment, at) ?? readRange(segment, at);
    if (typeof read === 'string') return read;
    if (read === undefined) break;
    ranges.push(...read.token);
    at = read.end;
  }
  for (const at of visited) open.add(at);
  return undefined;
}

/** A class or an equivalent, neither of which begins a range. */
function readClass(segment: string, at: number): Read<readonly Range[]> | string | undefined {
  const equivalent = matchAt(/\[=([\s\S])=\]/y, segment, at);
  if (equivalent !== undefined) return { ...equivalent, token: [range(equivalent.token)] };
  const found = matchAt(/\[:([a-z]*):\]/y, segment, at);
  if (found === undefined) return undefined;
  const token = classes.get(found.token);
  if (token === undefined) return `has the unknown class [:${found.token}:]`;
  return { ...found, token };
}

function readRange(segment: string, at: number): Read<readonly Range[]> | string | undefined {
  const from = readElement(segment, at);
  if (from === undefined || typeof from === 'string') return from;
  const next = segment[from.end + 1];
  const isRange = segment[from.end] === '-' && next !== undefined && next !== ']';
  const to = isRange ? readElement(segment, from.end + 1) : from;
  if (to === undefined || typeof to === 'string') return to;
  return { token: [[from.token, to.token]], end: to.end };
}

/** A byte, or a collating element in its place: `[.x.]`, of which the C locale has only those of one character. */
function readElement(segment: string, at: number): Read<number> | string | undefined {
  const element = matchAt(/\[\.([\s\S]{0,32}?)\.\]/y, segment, at);
  if (element === undefined) return readByte(segment, at);
  if (element.token.length !== 1) return `has the unknown collating element [.${element.token}.]`;
  return { ...element, token: element.token.charCodeAt(0) };
}

function matchAt(expression: RegExp, segment: string, at: number): Read<string> | undefined {
  expression.lastIndex = at;
  const match = expression.exec(segment);
  if (match === null) return undefined;
  return { token: match[1] ?? '', end: expression.lastIndex };
}

function range(from: string, to = from): Range {
  return [from.charCodeAt(0), to.charCodeAt(0)];
}

const digit = [range('0', '9')];
const upper = [range('A', 'Z')];
const lower = [range('a', 'z')];
const alpha = [...upper, ...lower];

/** The classes of the C locale, which has none for bytes from 128. */
const classes: ReadonlyMap<string, readonly Range[]> = new Map([
  ['alnum', [...digit, ...alpha]],
  ['alpha', alpha],
  ['blank', [range('\t'), range(' ')]],
  ['cntrl', [range('\0', '\x1f'), range('\x7f')]],
  ['digit', digit],
  ['graph', [range('!', '~')]],
  ['lower', lower],
  ['print', [range(' ', '~')]],
  ['punct', [range('!', '/'), range(':', '@'), range('[', '`'), range('{', '~')]],
  ['space', [range('\t', '\r'), range(' ')]],
  ['upper', upper],
  ['xdigit', [...digit, range('A', 'F'), range('a', 'f')]],
]);
