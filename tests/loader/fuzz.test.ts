/*
 * Trees with arbitrary contents: whatever is on the disk, loading it ends in a tree or in a TreeError, soon, leaves no
 * descriptor open and changes nothing.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { TreeError } from '../../lib/errors.ts';
import { defineTree } from '../../lib/loader/define.ts';
import type { Loaded } from '../../lib/loader/load.ts';
import { load } from '../../lib/loader/load.ts';
import type { Tree } from '../../lib/model/tree.ts';
import { openDescriptors, openedSince } from '../processes.ts';
import { removeAll, temporaryFolder } from './trees.ts';

/** The entry at a path. */
type Thing =
  | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly mode: number }
  | { readonly kind: 'huge'; readonly size: number }
  | { readonly kind: 'folder' }
  | { readonly kind: 'fifo' }
  | { readonly kind: 'link'; readonly target: string };

interface Item {
  readonly path: readonly Uint8Array[];
  readonly thing: Thing;
}

const stage = fc.constantFrom('fix-attrs.d', 'cont-init.d', 'services.d', 'cont-finish.d');

const controlFile = fc.constantFrom(
  ...['run', 'finish', 'log', 'down', 'notification-fd', 'timeout-kill', 'timeout-finish'],
  ...['timeout-up', 'timeout-down', 'down-signal', 'reload-signal', 'max-death-tally'],
  ...['flag-timeout-killpg', 'lock-fd', 'nosetsid', 'type', 'data', 'env', 'supervise', 'event'],
);

const oddName = fc
  .uint8Array({ minLength: 1, maxLength: 8 })
  .map((bytes) => bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x40 : byte)))
  .filter((bytes) => !['.', '..'].includes(Buffer.from(bytes).toString('latin1')));

const name = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('web', 'a b', 'a@b', 'x:y', 'a\nb', '10-a', '.a', 'log'),
  },
  { weight: 1, arbitrary: fc.constant('x'.repeat(255)) },
);

const bytesOf = (text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> =>
  text.map((it) => Buffer.from(it));

const anyName = fc.oneof(bytesOf(name), bytesOf(controlFile), oddName);

const path = fc.oneof(
  fc.tuple(bytesOf(stage)),
  fc.tuple(bytesOf(stage), anyName),
  fc.tuple(bytesOf(fc.constant('services.d')), anyName, anyName),
  fc.tuple(bytesOf(fc.constant('services.d')), anyName, bytesOf(controlFile)),
  fc.tuple(
    bytesOf(fc.constant('services.d')),
    anyName,
    bytesOf(fc.constant('log')),
    bytesOf(controlFile),
  ),
  fc.tuple(anyName),
);

const content = fc.oneof(
  fc.uint8Array({ maxLength: 600 }),
  bytesOf(fc.string({ unit: 'binary', maxLength: 200 })),
  bytesOf(
    fc.constantFrom(
      ...['', '\n', '3', '3\n', ' 5000 \r\n', '-1', '0', '99999999999999999999', 'abc', 'SIGTERM'],
      ...['#!/bin/sh\n', '#!/bin/sh\r\n', '\ufeff#!/bin/sh\n', '\n#!/bin/sh\n', '#!', '#!/no\0t\n'],
      ...['#!/usr/bin/with-contenv\n', '#!/usr/bin/with-contenv bash\n', '#!/usr/bin/env x y\n'],
      ...[
        '/a true root 0644 0755\n',
        '/a true no,1:1 - -\n/b\n# x\n',
        '/a true : 9 9',
        'a b c d e',
      ],
      `#!${'/x'.repeat(4000)}`,
    ),
  ),
);

const target = fc.oneof(
  fc.constantFrom('.', '..', '/', '/dev/zero', '/dev/null', '/proc/kmsg', '/proc/self', 'nowhere'),
  fc.constantFrom(
    'web',
    'run',
    '../web',
    '../services.d',
    '../../fifo',
    '../fifo',
    '/proc/self/fd',
  ),
  fc.constant('x'.repeat(300)),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }).filter((it) => !it.includes('\0')),
);

const thing: fc.Arbitrary<Thing> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('file' as const),
      bytes: content,
      mode: fc.constantFrom(0o755, 0o644, 0o000, 0o111, 0o4755),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('huge' as const),
      size: fc.constantFrom(2 ** 20, 2 ** 20 + 1, 2 ** 33),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'folder' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'fifo' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('link' as const), target }) },
);

const items: fc.Arbitrary<readonly Item[]> = fc.array(fc.record({ path, thing }), {
  maxLength: 25,
});

const slash = Buffer.from('/');

/** Creates every item that can be created. Links come last, so that nothing is ever written through one. */
function build(root: Buffer, fifo: string, all: readonly Item[]): void {
  const isLink = ({ thing: { kind } }: Item): boolean => kind === 'link';
  for (const item of [...all.filter((it) => !isLink(it)), ...all.filter(isLink)]) {
    const folder = Buffer.concat([root, ...item.path.slice(0, -1).flatMap((it) => [slash, it])]);
    const place = Buffer.concat([folder, slash, item.path.at(-1) ?? slash]);
    try {
      if (!isLink(item)) mkdirSync(folder, { recursive: true });
      put(place, fifo, item.thing);
    } catch {
      // Something prevents it: another item, or the length of its name.
    }
  }
}

function put(place: Buffer, fifo: string, it: Thing): void {
  switch (it.kind) {
    case 'file':
      writeFileSync(place, it.bytes, { flag: 'wx' });
      chmodSync(place, it.mode);
      break;
    case 'huge':
      writeFileSync(place, '', { flag: 'wx' });
      truncateSync(place, it.size);
      break;
    case 'folder':
      mkdirSync(place);
      break;
    case 'fifo':
      linkSync(fifo, place);
      break;
    case 'link':
      if (!lstatSync(place, { throwIfNoEntry: false })) symlinkSync(it.target, place);
  }
}

/** The whole visible state of a folder, except the access times. */
function census(folder: Buffer): readonly string[] {
  const lines: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })) {
    const place = Buffer.concat([folder, slash, entry.name]);
    const { ino, mode, size, mtimeMs, ctimeMs } = lstatSync(place);
    const leads = entry.isSymbolicLink() ? readlinkSync(place, 'latin1') : '';
    lines.push([place.toString('latin1'), ino, mode, size, mtimeMs, ctimeMs, leads].join(' '));
    if (entry.isDirectory()) lines.push(...census(place));
  }
  return lines;
}

function examine({ tree, problems }: Loaded): void {
  const text = JSON.stringify(tree);
  assert.equal(JSON.stringify(defineTree(JSON.parse(text) as Tree)), text);
  for (const { severity, path: place, message, remedy, line = 1 } of problems) {
    assert.equal(severity, 'warning');
    assert.ok(place.startsWith('/') && message !== '' && remedy !== '' && line > 0);
    assert.ok(message.length < 500, message);
  }
}

test('any tree is loaded or rejected, and left unchanged', async (context) => {
  const folder = temporaryFolder(context);
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  await load(folder).catch(() => undefined); // opens the descriptors that stay open for good
  const outcomes = { loaded: 0, refused: 0 };
  const property = fc.asyncProperty(items, async (all) => {
    const root = Buffer.from(join(folder, 'root'));
    mkdirSync(root);
    try {
      build(root, fifo, all);
      const before = census(root);
      const open = existsSync('/proc/self/fd') ? openDescriptors() : [];
      const outcome = await load(root.toString()).catch((error: unknown) => error);
      if (open.length > 0) assert.deepEqual(openedSince(open), []);
      assert.deepEqual(census(root), before);
      if (outcome instanceof TreeError) {
        outcomes.refused += 1;
        assert.ok(outcome.problems.some(({ severity }) => severity === 'error'));
      } else {
        if (outcome instanceof Error) throw outcome;
        outcomes.loaded += 1;
        examine(outcome as Loaded);
      }
    } finally {
      removeAll(root);
    }
  });
  await fc.assert(property, { numRuns: 400, interruptAfterTimeLimit: 4000 });
  assert.ok(outcomes.loaded > 5 && outcomes.refused > 0, JSON.stringify(outcomes));
});
