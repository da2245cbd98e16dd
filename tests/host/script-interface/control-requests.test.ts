import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import type {
  ControlRequest,
  Parsed,
} from '../../../lib/host/script-interface/control-requests.ts';
import { requestMark } from '../../../lib/host/shims/request.ts';
import {
  RequestParser,
  longestRequest,
} from '../../../lib/host/script-interface/control-requests.ts';

const asked: ControlRequest = {
  reply: '12',
  directory: '/run/a b',
  program: 's6-svc',
  args: ['-wu', '', 'a\nb', 'é', '/web'],
};

function encode({ reply, directory, program, args }: ControlRequest, count = args.length): Buffer {
  const fields = [requestMark, reply, directory, program, String(count), ...args];
  return Buffer.from(fields.map((field) => `${field}\0`).join(''));
}

const valid = encode(asked);

function parse(...chunks: readonly (Buffer | string)[]): Parsed {
  return new RequestParser().push(Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))), false);
}

test('requests are parsed as they were written, in order', () => {
  const other = { ...asked, args: [] };
  const requests = [asked, other, asked];
  assert.deepEqual(parse(valid, encode(other), valid), { requests, dropped: 0 });
  assert.deepEqual(parse(), { requests: [], dropped: 0 });
});

/** Invalid requests, in the form in which they may be written. */
const garbage: Readonly<Record<string, Buffer | string>> = {
  'a line': 'hello\n',
  'a field': 'x\0',
  'a request without its mark': valid.subarray(requestMark.length + 1),
  'the mark alone': `${requestMark}\0`,
  'a mark without its end': requestMark,
  'a negative count': encode({ ...asked, args: [] }, -4),
  'a count in another form': `${requestMark}\x0012\0/\0s6-svstat\x001e9\0`,
  'a count with a fraction': encode(asked, 4.5),
  'a huge count': encode(asked, 2 ** 53),
  'a larger count than there are arguments': encode(asked, 6),
  'no count': `${requestMark}\x0012\0/\0s6-svstat\0\0`,
  'a path for the answer': encode({ ...asked, reply: '../1' }),
  'no name for the answer': encode({ ...asked, reply: '' }),
  'an unfinished request': valid.subarray(0, -1),
  'a request that is too long': encode({ ...asked, args: ['x'.repeat(longestRequest)] }),
  'every byte': Buffer.from(Array.from({ length: 256 }, (_, index) => index)),
};

for (const [what, bytes] of Object.entries(garbage)) {
  const { length } = Buffer.from(bytes);

  test(`${what} is dropped, before and after a request`, () => {
    assert.deepEqual(parse(bytes), { requests: [], dropped: length });
    assert.deepEqual(parse(bytes, valid), { requests: [asked], dropped: length });
    assert.deepEqual(parse(valid, bytes), { requests: [asked], dropped: length });
    assert.deepEqual(parse(bytes, valid, bytes, bytes, valid), {
      requests: [asked, asked],
      dropped: 3 * length,
    });
  });

  test(`${what} is dropped, in reads of its own`, () => {
    for (const mayBeCut of [false, true]) {
      const parser = new RequestParser();
      const first = parser.push(Buffer.from(bytes), mayBeCut);
      const second = parser.push(valid, false);
      assert.deepEqual(first.requests, []);
      assert.deepEqual(second.requests, [asked], `cut: ${mayBeCut}`);
      assert.equal(first.dropped + second.dropped, length);
    }
  });
}

test('a request that a full read has cut is joined, wherever it was cut', () => {
  for (let at = 0; at <= valid.length; at++) {
    const parser = new RequestParser();
    const first = parser.push(Buffer.concat([valid, valid.subarray(0, at)]), true);
    const second = parser.push(Buffer.concat([valid.subarray(at), valid]), false);
    assert.deepEqual([...first.requests, ...second.requests], [asked, asked, asked], `at ${at}`);
    assert.equal(first.dropped + second.dropped, 0);
  }
});

test('a request that was not written in one piece is dropped', () => {
  const parser = new RequestParser();
  const first = parser.push(valid.subarray(0, 30), false);
  const second = parser.push(valid.subarray(30), false);
  assert.deepEqual(
    [first, second].map(({ requests }) => requests),
    [[], []],
  );
  assert.equal(first.dropped + second.dropped, valid.length);
});

test('requests are found in any bytes however they are cut, and each other byte is counted', () => {
  // UTF-8 alone: the length of a field with other bytes is not that of its text.
  const texts = Object.values(garbage).map((bytes) => Buffer.from(bytes));
  const piece = fc.oneof(
    fc.constant(valid),
    fc.constantFrom(...texts.filter((bytes) => isUtf8(bytes))),
    fc.uint8Array({ maxLength: 50, max: 127 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.integer({ min: 1, max: 9000 }),
      (all, size) => {
        const bytes = Buffer.concat(all);
        const parser = new RequestParser();
        const found: ControlRequest[] = [];
        let dropped = 0;
        for (let at = 0; at < bytes.length; at += size) {
          const parsed = parser.push(bytes.subarray(at, at + size), at + size < bytes.length);
          found.push(...parsed.requests);
          dropped += parsed.dropped;
        }
        const written = all.filter((one) => one === valid).length;
        assert.ok(found.length >= written, `${found.length} of ${written}`);
        const used = found.reduce((sum, request) => sum + encode(request).length, 0);
        assert.equal(dropped, bytes.length - used);
      },
    ),
  );
});

test('the cost is linear in the number of bytes', () => {
  const mark = Buffer.from(`${requestMark}\0`);
  for (const one of [Buffer.from('x'), Buffer.from('\0'), mark, Buffer.from('//stagekeeper')]) {
    const chunk = Buffer.alloc(64 * 1024, one);
    const parser = new RequestParser();
    let dropped = 0;
    for (let count = 0; count < 80; count++) dropped += parser.push(chunk, true).dropped;
    dropped += parser.push(valid, false).dropped;
    assert.equal(dropped, 80 * chunk.length);
  }
});
