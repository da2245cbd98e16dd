import assert, { AssertionError } from 'node:assert/strict';
import { test } from 'node:test';
import { expectOrder, simulate } from '../../../lib/testing/index.ts';
import type { LinePattern } from '../../../lib/testing/index.ts';

const lines = ['db: up', 'web: up', 'web: ready', 'db: down'];

function failureOf(expected: readonly LinePattern[]): string {
  try {
    expectOrder(lines, expected);
  } catch (error) {
    assert.ok(error instanceof AssertionError);
    return error.message;
  }
  return assert.fail('it found the lines');
}

test('lines in this order pass, with other lines between them', () => {
  expectOrder(lines, []);
  expectOrder(lines, lines);
  expectOrder(lines, ['db: up', 'db: down']);
  expectOrder(lines, ['db', 'db']);
  expectOrder(lines, [/^web: u/, 'ready', /down$/]);
  const sticky = /web/g;
  expectOrder(lines, [sticky, sticky]);
});

test('a transcript passes', async () => {
  await using life = await simulate({ services: [{ name: 'web', run: ['web'] }] });
  await life.supervisor.start();
  expectOrder(life.transcript, ['web: starting → up', 'starting → running']);
  assert.throws(() => {
    expectOrder(life.transcript, ['starting → running', 'web: starting → up']);
  }, AssertionError);
});

test('one line does not match two patterns', () => {
  assert.match(failureOf(['web: ready', 'web: ready']), /No line has "web: ready" after "web: r/);
});

test('the failure shows which lines were found, and the whole transcript', () => {
  assert.equal(
    failureOf(['db: up', /ready/, 'web: down', 'db: down']),
    `No line has "web: down" after /ready/.

✓ "db: up"
✓ /ready/
✗ "web: down"
✗ "db: down"

The transcript, with ✓ where they were found:
✓ db: up
  web: up
✓ web: ready
  db: down`,
  );
});

test('the failure shows a line of the missing pattern that appears too early', () => {
  assert.match(
    failureOf(['web: up', 'db: up']),
    /^No line has "db: up" after "web: up"; the one in line 1 comes before\.\n/,
  );
  assert.match(failureOf(['absent']), /^No line has "absent"\.\n/);
});
