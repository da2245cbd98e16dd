import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TerminalProbe } from '../../../lib/host/spawn/terminal-probe.ts';
import { childrenOf, openDescriptors, openedSince, read, until } from '../../processes.ts';

const own = (): readonly number[] => childrenOf(process.pid);

const isWaiting = (pid: number): boolean => read(`/proc/${String(pid)}/comm`) === 'cat\n';

/** A probe in the foreground, and a function that returns its pid now. */
function startProbe(inForeground = true) {
  const before = own();
  const pid = (): number | undefined => own().find((each) => !before.includes(each));
  return { probe: new TerminalProbe(() => inForeground), pid };
}

const skip = process.platform !== 'linux' && 'there is no /proc';

test(
  'a signal that kills the probe was typed, any other was sent; a dead probe is replaced',
  { skip },
  async () => {
    const descriptors = openDescriptors();
    const { probe, pid } = startProbe();
    const [first = 0] = [pid()];
    await until(() => isWaiting(first), 'the startProbe');
    const sent = performance.now();
    assert.equal(await probe.wasTyped(), false);
    assert.ok(performance.now() - sent >= 499, 'the probe gets the time to die');
    const asked = probe.wasTyped();
    process.kill(first, 'SIGINT');
    assert.equal(await asked, true);
    assert.equal(await probe.wasTyped(), true, 'another just after that');
    assert.notEqual(pid(), first);
    const unanswered = probe.wasTyped();
    await probe.end();
    assert.equal(await unanswered, true);
    assert.equal(pid(), undefined);
    assert.deepEqual(openedSince(descriptors), []);
  },
);

test(
  'without its probe a signal counts as typed, and a new probe is started',
  { skip },
  async () => {
    const { probe, pid } = startProbe();
    process.kill(pid() ?? 0, 'SIGKILL');
    await until(() => pid() === undefined, 'its end');
    assert.equal(await probe.wasTyped(), true);
    assert.notEqual(pid(), undefined);
    await probe.end();
    assert.equal(pid(), undefined);
    assert.equal(await probe.wasTyped(), true, 'after end() there is no probe');
    assert.equal(pid(), undefined);
  },
);

test('a signal typed while the host is blocked counts as typed', { skip }, async () => {
  const { probe, pid } = startProbe();
  const [first = 0] = [pid()];
  await until(() => isWaiting(first), 'the startProbe');
  const asked = probe.wasTyped();
  // Immediates come last in a turn; then Node handles timers, and only then exits of children.
  setImmediate(() => {
    process.kill(first, 'SIGINT');
    block(600);
  });
  assert.equal(await asked, true);
  await probe.end();
});

/** Blocks this thread for this many milliseconds. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test('in the background no signal counts as typed', { skip }, async () => {
  const { probe } = startProbe(false);
  assert.equal(await probe.wasTyped(), false);
  await probe.end();
});
