import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TerminalProbe } from '../../../lib/host/spawn/terminal-probe.ts';
import { childrenOf, openDescriptors, read, until } from '../../processes.ts';

const own = (): readonly number[] => childrenOf(process.pid);

const isWaiting = (pid: number): boolean => read(`/proc/${String(pid)}/comm`) === 'cat\n';

/** A witness in the foreground, and its pid now. */
function witness(hearsTyped = true) {
  const before = own();
  const pid = (): number | undefined => own().find((each) => !before.includes(each));
  return { it: new TerminalProbe(() => hearsTyped), pid };
}

const skip = process.platform !== 'linux' && 'there is no /proc';

test(
  'what kills the witness was typed, what does not was sent; there is a new one',
  { skip },
  async () => {
    const descriptors = openDescriptors();
    const { it, pid } = witness();
    const [first = 0] = [pid()];
    await until(() => isWaiting(first), 'the witness');
    const sent = performance.now();
    assert.equal(await it.wasTyped(), false);
    assert.ok(performance.now() - sent >= 499, 'it was given the time to die');
    const asked = it.wasTyped();
    process.kill(first, 'SIGINT');
    assert.equal(await asked, true);
    assert.equal(await it.wasTyped(), true, 'another just after that');
    assert.notEqual(pid(), first);
    const unanswered = it.wasTyped();
    await it.end();
    assert.equal(await unanswered, true);
    assert.equal(pid(), undefined);
    assert.deepEqual(
      openDescriptors().filter((each) => !descriptors.includes(each)),
      [],
    );
  },
);

test(
  'a witness that is lost leaves everything typed, and there is a new one from then on',
  { skip },
  async () => {
    const { it, pid } = witness();
    process.kill(pid() ?? 0, 'SIGKILL');
    await until(() => pid() === undefined, 'its end');
    assert.equal(await it.wasTyped(), true);
    assert.notEqual(pid(), undefined);
    await it.end();
    assert.equal(pid(), undefined);
    assert.equal(await it.wasTyped(), true, 'after the end there is none');
    assert.equal(pid(), undefined);
  },
);

test('what is typed while the host is held up is typed', { skip }, async () => {
  const { it, pid } = witness();
  const [first = 0] = [pid()];
  await until(() => isWaiting(first), 'the witness');
  const asked = it.wasTyped();
  // Immediates come last in a turn; then Node looks at its timers, and only then at who has died.
  setImmediate(() => {
    process.kill(first, 'SIGINT');
    block(600);
  });
  assert.equal(await asked, true);
  await it.end();
});

/** Holds everything up that runs on this thread, for so many milliseconds. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test('in the background nothing is typed', { skip }, async () => {
  const { it } = witness(false);
  assert.equal(await it.wasTyped(), false);
  await it.end();
});
