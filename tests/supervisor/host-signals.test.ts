/*
 * What a plain start() does to the signals of its host: nothing, with a guard. Without one the last resort never ends a host that
 * listens, in whatever way.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Supervisor } from '../../lib/index.ts';
import { isAlive, until } from '../processes.ts';

const host = fileURLToPath(new URL('listening-host.ts', import.meta.url));
const run = promisify(execFile);
const sleeping = { services: [{ name: 'web', run: ['sleep', '600'] }] };

test('start() adds no signal listener, replaces nothing of process and defines no global', async () => {
  const look = () => ({
    listeners: process.eventNames().filter((name) => String(name).startsWith('SIG')),
    emit: process.emit,
    reallyExit: Reflect.get(process, 'reallyExit') as unknown,
    globals: Reflect.ownKeys(globalThis),
  });
  const before = look();
  await using supervisor = new Supervisor(sleeping, { output: 'ignore' });
  await supervisor.start();
  const after = look();
  assert.deepEqual(after, before);
  assert.equal(after.emit, before.emit);
});

for (const guard of ['guard', 'no-guard']) {
  test(`${guard}: a host that listens to a signal, in whatever way, goes on when it comes`, async () => {
    const { stdout } = await run(process.execPath, ['--import', 'tsx', host, guard]);
    const lines = stdout.trim().split('\n');
    assert.equal(lines.length, 16, stdout);
    for (const line of lines) assert.match(line, / the start: up$/);
  });

  test(`${guard}: a signal that the host does not listen to any more ends it and its services`, async () => {
    const words = ['--import', 'tsx', host, guard, 'end'];
    const { signal, stdout } = await run(process.execPath, words).then(
      () => assert.fail('the host has exited by itself'),
      (error: { readonly signal: string; readonly stdout: string }) => error,
    );
    assert.equal(signal, 'SIGTERM');
    const pid = Number(/pid (\d+)/.exec(stdout)?.[1]);
    await until(() => !isAlive(pid), 'the end of the service');
  });
}

test('however many supervisors and waits there are, Node warns of no leak of listeners', async () => {
  const warnings: string[] = [];
  const note = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
  process.on('warning', note);
  const { signal } = new AbortController();
  const many = Array.from({ length: 12 }, () => new Supervisor(sleeping, { output: 'ignore' }));
  const ends = many.map((supervisor) => supervisor.run({ signals: true, signal }));
  await Promise.all(many.map((supervisor) => supervisor.service('web').when('up', { signal })));
  const events = many.map((supervisor) => supervisor.events({ signal }));
  await Promise.all(many.map((supervisor) => supervisor.stop({ signal })));
  await Promise.all([...ends, ...events.map((iterator) => iterator.return?.())]);
  process.off('warning', note);
  assert.deepEqual(warnings, []);
});

test('with one AbortSignal and one signal for many runs, each gets it, and no listener stays', async (t) => {
  // Some versions of the test runner listen as well.
  const listeners = (): readonly number[] =>
    ['SIGUSR2', 'exit'].map((event) => process.listenerCount(event));
  const [ofOthers = 0, atExit = 0] = listeners();
  const controller = new AbortController();
  t.after(() => {
    controller.abort();
  });
  const many = Array.from({ length: 12 }, () => new Supervisor(sleeping, { output: 'ignore' }));
  const by = { signals: { SIGUSR2: 'stop' }, signal: controller.signal } as const;
  const ends = many.map((supervisor) => supervisor.run(by));
  await Promise.all(many.map((supervisor) => supervisor.service('web').when('up')));
  assert.deepEqual(listeners(), [ofOthers + 1, atExit + 1]);
  const [first, ...others] = many;
  await first?.stop();
  controller.abort();
  assert.deepEqual(
    (await Promise.all(ends)).map(({ reason }) => reason),
    many.map(() => 'stopped'),
  );
  assert.equal(others.length, 11);
  assert.deepEqual(listeners(), [ofOthers, atExit]);
});
