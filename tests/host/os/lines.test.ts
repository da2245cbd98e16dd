import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter, longestLine } from '../../../lib/host/os/lines.ts';

/** The lines that a splitter can return now. */
function* linesOf(splitter: LineSplitter): Generator<string> {
  for (let line = splitter.next(); line !== undefined; line = splitter.next()) yield line;
}

/** The lines of these chunks. */
function cut(...chunks: readonly (string | Uint8Array)[]): readonly string[] {
  const splitter = new LineSplitter();
  const lines = chunks.flatMap((chunk) => {
    splitter.push(Buffer.from(chunk));
    return [...linesOf(splitter)];
  });
  const last = splitter.end();
  return last === undefined ? lines : [...lines, last];
}

test('a line ends at its newline, which is not part of it; empty lines are lines', () => {
  assert.deepEqual(cut('one\ntwo\n\nfour\n'), ['one', 'two', '', 'four']);
});

test('everything but the newline is kept, including a carriage return', () => {
  assert.deepEqual(cut('one\r\n two\t \n'), ['one\r', ' two\t ']);
});

test('a last line without a newline is returned by end()', () => {
  assert.deepEqual(cut('one\ntwo'), ['one', 'two']);
  assert.deepEqual(cut('one\n'), ['one']);
  assert.deepEqual(cut(''), []);
});

test('a line is returned once its newline has arrived', () => {
  const splitter = new LineSplitter();
  splitter.push(Buffer.from('on'));
  assert.equal(splitter.next(), undefined);
  splitter.push(Buffer.from('e'));
  assert.equal(splitter.next(), undefined);
  assert.equal(splitter.next(), undefined, 'at each further call');
  splitter.push(Buffer.from('\ntw'));
  assert.deepEqual([...linesOf(splitter)], ['one']);
});

test('a character may be split over chunks', () => {
  const text = 'grüße 🎈\n';
  const bytes = Buffer.from(text);
  for (let at = 1; at < bytes.length; at++) {
    assert.deepEqual(cut(bytes.subarray(0, at), bytes.subarray(at)), ['grüße 🎈']);
  }
});

test('bytes that are not UTF-8 are returned with replacement characters', () => {
  assert.deepEqual(cut(Uint8Array.of(0x61, 0xff, 0x62, 0x0a, 0x63)), ['a\ufffdb', 'c']);
});

test('a line that is too long is returned in pieces, and the next one is whole', () => {
  const long = 'x'.repeat(longestLine + 10);
  assert.deepEqual(
    cut(`${long}\nnext\n`).map((line) => line.length),
    [longestLine, 10, 4],
  );
  const exact = 'x'.repeat(longestLine);
  assert.deepEqual(cut(`${exact}\n`), [exact]);
});

test('a piece never splits a character', () => {
  for (const lead of ['', 'a', 'ab', 'abc']) {
    const text = lead + '🎈'.repeat(longestLine / 2);
    const pieces = cut(text);
    assert.equal(pieces.join(''), text);
    for (const piece of pieces) assert.ok(Buffer.byteLength(piece) <= longestLine);
  }
});

test('a line that never ends does not fill the memory', () => {
  let returned = 0;
  const splitter = new LineSplitter();
  for (let count = 0; count < 100; count++) {
    splitter.push(Buffer.alloc(longestLine / 4, 'x'));
    for (const { length } of linesOf(splitter)) returned += length;
  }
  assert.ok(returned >= 24 * longestLine);
});

test('the lines of a text do not depend on its chunks', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', '')));
  fc.assert(
    fc.property(texts, fc.array(fc.nat(50)), (lines, sizes) => {
      let rest = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const chunks: Buffer[] = [];
      for (const size of sizes) {
        chunks.push(rest.subarray(0, size));
        rest = rest.subarray(size);
      }
      assert.deepEqual(cut(...chunks, rest), lines);
    }),
  );
});
