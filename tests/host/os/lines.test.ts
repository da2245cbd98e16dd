import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter, longestLine } from '../../../lib/host/os/lines.ts';

/** The lines that a splitter has so far. */
function* linesOf(splitter: LineSplitter): Generator<string> {
  for (let line = splitter.next(); line !== undefined; line = splitter.next()) yield line;
}

/** The lines that come of these chunks. */
function cut(...chunks: readonly (string | Uint8Array)[]): readonly string[] {
  const splitter = new LineSplitter();
  const lines = chunks.flatMap((chunk) => {
    splitter.push(Buffer.from(chunk));
    return [...linesOf(splitter)];
  });
  const last = splitter.end();
  return last === undefined ? lines : [...lines, last];
}

test('a line ends at its newline, which is not told; empty lines count', () => {
  assert.deepEqual(cut('one\ntwo\n\nfour\n'), ['one', 'two', '', 'four']);
});

test('all but the newline is kept, a carriage return too', () => {
  assert.deepEqual(cut('one\r\n two\t \n'), ['one\r', ' two\t ']);
});

test('a last line without a newline is told at the end', () => {
  assert.deepEqual(cut('one\ntwo'), ['one', 'two']);
  assert.deepEqual(cut('one\n'), ['one']);
  assert.deepEqual(cut(''), []);
});

test('a line comes with its newline, not before', () => {
  const splitter = new LineSplitter();
  splitter.push(Buffer.from('on'));
  assert.equal(splitter.next(), undefined);
  splitter.push(Buffer.from('e'));
  assert.equal(splitter.next(), undefined);
  assert.equal(splitter.next(), undefined, 'however often it is asked for');
  splitter.push(Buffer.from('\ntw'));
  assert.deepEqual([...linesOf(splitter)], ['one']);
});

test('characters may come in pieces', () => {
  const text = 'grüße 🎈\n';
  const bytes = Buffer.from(text);
  for (let at = 1; at < bytes.length; at++) {
    assert.deepEqual(cut(bytes.subarray(0, at), bytes.subarray(at)), ['grüße 🎈']);
  }
});

test('what is no UTF-8 is told all the same', () => {
  assert.deepEqual(cut(Uint8Array.of(0x61, 0xff, 0x62, 0x0a, 0x63)), ['a\ufffdb', 'c']);
});

test('a line that is too long comes in pieces, and the next one is whole again', () => {
  const long = 'x'.repeat(longestLine + 10);
  assert.deepEqual(
    cut(`${long}\nnext\n`).map((line) => line.length),
    [longestLine, 10, 4],
  );
  const exact = 'x'.repeat(longestLine);
  assert.deepEqual(cut(`${exact}\n`), [exact]);
});

test('no piece splits a character', () => {
  for (const lead of ['', 'a', 'ab', 'abc']) {
    const text = lead + '🎈'.repeat(longestLine / 2);
    const pieces = cut(text);
    assert.equal(pieces.join(''), text);
    for (const piece of pieces) assert.ok(Buffer.byteLength(piece) <= longestLine);
  }
});

test('a line that never ends fills no memory', () => {
  let told = 0;
  const splitter = new LineSplitter();
  for (let count = 0; count < 100; count++) {
    splitter.push(Buffer.alloc(longestLine / 4, 'x'));
    for (const { length } of linesOf(splitter)) told += length;
  }
  assert.ok(told >= 24 * longestLine);
});

test('however a text is cut into chunks, its lines are the same', () => {
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
