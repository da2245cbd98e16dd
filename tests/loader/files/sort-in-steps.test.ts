import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namesInStep, sortInSteps } from '../../../lib/loader/files/sort-in-steps.ts';

function sorted(parts: readonly (readonly Buffer[])[]): {
  readonly names: readonly Buffer[];
  readonly steps: number;
} {
  const work = sortInSteps(parts);
  for (let steps = 1; ; steps += 1) {
    const step = work.next();
    if (step.done === true) return { names: step.value, steps };
  }
}

test('names are sorted by their bytes, however they are divided', () => {
  for (const count of [0, 1, 2, 3, 7]) {
    const parts = Array.from({ length: count }, (_, part) =>
      Array.from({ length: 50 }, (_, index) =>
        Buffer.from(`${(index * 37) % 101}-é\u{1f600}-${part}`),
      ),
    );
    const expected = parts.flat().toSorted((one, other) => one.compare(other));
    assert.deepEqual(sorted(parts).names, expected);
  }
});

test('no step handles more names than it may', () => {
  const name = Buffer.from('x');
  const parts = Array.from({ length: 8 }, () => Array.from({ length: namesInStep }, () => name));
  const { names, steps } = sorted(parts);
  assert.equal(names.length, 8 * namesInStep);
  // 8 parts, and 3 rounds of merging them.
  assert.ok(steps >= 8 + 3 * 8, String(steps));
});
