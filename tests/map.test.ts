/*
 * lib/README.md is the map of lib: what it names exists, and no room is missing on it.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { imports } from './architecture/rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const map = readFileSync(join(root, 'lib/README.md'), 'utf8');

/** What stands between backticks. */
function quotesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, quote = '']) => quote);
}

/** A name of the map that does not exist, in a sentence; `undefined` for one that does, or is no path. */
function flawOf(quote: string, folder: string): string | undefined {
  const path = /^((?:[a-z0-9.-]+\/)*(?:[a-z0-9-]+\.ts)?)(?:#(\w+))?$/.exec(quote);
  const [, file = '', name] = path ?? [];
  if (file === '') return undefined;
  const place = [folder, root].map((base) => join(base, file)).find((each) => existsSync(each));
  if (place === undefined) return `${file} does not exist`;
  if (name === undefined) return undefined;
  const isThere = new RegExp(`\\b${name}\\b`).test(readFileSync(place, 'utf8'));
  return isThere ? undefined : `${file} has no ${name}`;
}

function flawsIn(text: string, folder: string): readonly string[] {
  return quotesIn(text)
    .map((quote) => flawOf(quote, folder))
    .filter((flaw) => flaw !== undefined);
}

test('every file, folder and name on the map exists', () => {
  assert.deepEqual(flawsIn(map, join(root, 'lib')), []);
  const wrong = 'See `engine/motor.ts`, `engine/engine.ts#Motor` and `attic/`.';
  assert.equal(flawsIn(wrong, join(root, 'lib')).length, 3);
  assert.deepEqual(flawsIn('`engine/engine.ts#Engine` `run()` `S6_X`', join(root, 'lib')), []);
});

test('every room of lib is on the map', () => {
  const rooms = foldersIn('lib').filter((folder) => !folder.startsWith('docs'));
  const named = new Set(quotesIn(map));
  assert.deepEqual(
    rooms.filter((room) => !named.has(`${room}/`) && !isParent(room, rooms)),
    [],
  );
});

test('the table of rooms is in the order of the imports: each room stands above those that it imports', () => {
  const rooms = [...map.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, room = '']) =>
    room.replace(/\/$|\.ts$/, ''),
  );
  const above = (room: string, other: string): boolean =>
    rooms.indexOf(room) < rooms.indexOf(other);
  const wrong = rooms.flatMap((room) =>
    rooms
      .filter((other) => other !== room && imports(room, other) && !above(room, other))
      .map((other) => `${room} imports ${other}`),
  );
  assert.ok(rooms.length > 20, 'the table is found');
  assert.deepEqual(wrong, []);
});

test('every file and folder on the contents page of the tests exists', () => {
  const contents = readFileSync(join(root, 'tests/README.md'), 'utf8');
  assert.deepEqual(flawsIn(contents, join(root, 'tests')), []);
});

/** A folder that holds only rooms needs no line of its own. */
function isParent(room: string, rooms: readonly string[]): boolean {
  const entries = readdirSync(join(root, 'lib', room), { withFileTypes: true });
  return entries.every((entry) => entry.isDirectory()) && rooms.length > 0;
}

function foldersIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, folder).length + 1));
}
