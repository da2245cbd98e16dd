import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('the README says what TERM gives here and under s6-overlay: in the table of exit codes and in the section on s6', () => {
  const [, exitCodes = ''] = readme.split('\n### Exit codes\n');
  const [, s6 = ''] = readme.split('\n### Exit codes of a container\n');
  for (const section of [exitCodes, s6]) {
    const rows = section.split('\n#')[0]?.split('\n') ?? [];
    assert.ok(
      rows.some(
        (row) => /^\|.*TERM/.test(row) && /\b143\b.*s6-overlay gives 0|\| 0 +\| 143/.test(row),
      ),
    );
  }
});

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
