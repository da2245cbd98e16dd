import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedListener } from '../../lib/system/shared-listener.ts';

/** A shared listener that counts how often it is attached. */
function counted() {
  const state = { attached: 0, detached: 0, call: (): void => undefined };
  const shared = new SharedListener((callAll) => {
    state.attached += 1;
    state.call = callAll;
    return () => void (state.detached += 1);
  });
  return { state, shared };
}

test('one listener is attached for any number of functions, and is detached after the last', () => {
  const { state, shared } = counted();
  const called: string[] = [];
  const removals = ['a', 'b', 'c'].map((name) => shared.add(() => void called.push(name)));
  state.call();
  assert.deepEqual(called, ['a', 'b', 'c']);
  removals[1]?.();
  state.call();
  assert.deepEqual(called.slice(3), ['a', 'c']);
  for (const remove of [...removals, ...removals]) remove();
  assert.deepEqual([state.attached, state.detached], [1, 1]);
  shared.add(() => undefined)();
  assert.deepEqual([state.attached, state.detached], [2, 2]);
});

test('a function that another one adds is not called in the same turn, and one that it removes is not called', () => {
  const { state, shared } = counted();
  const called: string[] = [];
  let remove: () => void = () => undefined;
  shared.add(() => {
    called.push('first');
    remove();
    shared.add(() => void called.push('added'));
  });
  remove = shared.add(() => void called.push('removed'));
  state.call();
  assert.deepEqual(called, ['first']);
});
