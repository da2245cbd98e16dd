import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fitsArgument, longestArgument } from '../../lib/model/argument-limit.ts';

const longest = longestArgument - 1;

for (const { what, text, fits } of [
  { what: 'nothing', text: '', fits: true },
  { what: 'as many bytes as there may be', text: 'x'.repeat(longest), fits: true },
  { what: 'one byte more', text: 'x'.repeat(longest + 1), fits: false },
  { what: 'two bytes a character', text: `x${'é'.repeat((longest - 1) / 2)}`, fits: true },
  { what: 'too many of them', text: 'é'.repeat((longest + 1) / 2), fits: false },
  { what: 'four bytes for two units', text: '😀'.repeat(longest >> 2), fits: true },
  { what: 'three bytes for half a character', text: '\ud800'.repeat(50_000), fits: false },
]) {
  test(`${what}: ${fits ? 'fits' : 'does not fit'}, and so says the system`, () => {
    assert.equal(fitsArgument(text), fits);
    const error: NodeJS.ErrnoException | undefined = spawnSync('true', [text]).error;
    assert.equal(error?.code, fits ? undefined : 'E2BIG');
  });
}
