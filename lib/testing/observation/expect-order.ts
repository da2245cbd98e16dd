import { AssertionError } from 'node:assert';

/** What a line must contain: a text, or a match of an expression. */
export type LinePattern = string | RegExp;

/**
 * Asserts that lines which match these patterns appear in a transcript in this order. Other lines may appear before, between and
 * after them.
 *
 * @throws AssertionError, in any test runner, when they do not. Its message marks the lines found, and names a line of the missing pattern that appears too early.
 */
export function expectOrder(
  transcript: { readonly lines: readonly string[] } | readonly string[],
  expected: readonly LinePattern[],
): void {
  const lines = 'lines' in transcript ? transcript.lines : transcript;
  const indexes: number[] = [];
  for (const pattern of expected) {
    const from = (indexes.at(-1) ?? -1) + 1;
    const index = lines.findIndex((line, at) => at >= from && fits(pattern, line));
    if (index === -1) fail(lines, expected, indexes);
    indexes.push(index);
  }
}

function fits(pattern: LinePattern, line: string): boolean {
  // A sticky or global expression keeps its last index between calls of test().
  return typeof pattern === 'string' ? line.includes(pattern) : line.search(pattern) !== -1;
}

function fail(
  lines: readonly string[],
  expected: readonly LinePattern[],
  indexes: readonly number[],
): never {
  const missing = expected[indexes.length] ?? '';
  const before = expected[indexes.length - 1];
  const behind = before === undefined ? '' : ` after ${shown(before)}`;
  throw new AssertionError({
    message: [
      `No line has ${shown(missing)}${behind}${elsewhere(lines, missing)}.`,
      '',
      ...expected.map(
        (pattern, index) => `${index < indexes.length ? '✓' : '✗'} ${shown(pattern)}`,
      ),
      '',
      'The transcript, with ✓ where they were found:',
      ...lines.map((line, index) => `${indexes.includes(index) ? '✓' : ' '} ${line}`),
    ].join('\n'),
    operator: 'expectOrder',
    stackStartFn: expectOrder,
  });
}

function elsewhere(lines: readonly string[], pattern: LinePattern): string {
  const index = lines.findIndex((line) => fits(pattern, line));
  return index === -1 ? '' : `; the one in line ${String(index + 1)} comes before`;
}

function shown(pattern: LinePattern): string {
  return typeof pattern === 'string' ? `"${pattern}"` : String(pattern);
}
