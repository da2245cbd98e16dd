import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The section with the numbered steps to a first image. */
const section = /### In five minutes\n([^]*?)\n### /.exec(readme)?.[1] ?? '';

test('every file that the Dockerfile of the README copies is made by an earlier step', () => {
  const [before = '', dockerfile = ''] = section.split('```dockerfile\n');
  const made = [...before.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name);
  const copied = [...dockerfile.matchAll(/^ *COPY (.+) \S+$/gm)].flatMap(([, names = '']) =>
    names.split(' '),
  );
  assert.equal(copied.length, 5);
  for (const name of copied) {
    const isThere = made.some(
      (each) => each === name || (name.endsWith('/') && each.startsWith(name)),
    );
    assert.ok(isThere, name);
  }
});
