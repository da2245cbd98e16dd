import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  symlinkSync,
  write,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ProgramAnswer } from '../../../lib/model/call.ts';
import {
  ControlFifos,
  mostWaiting,
  scanControl,
} from '../../../lib/host/script-interface/control-fifos.ts';
import { requestMark, requestShim } from '../../../lib/host/shims/request.ts';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';
import { openDescriptors, until, openedSince } from '../../processes.ts';
import { counter, run } from '../counter.ts';
import { leaveMark, plant, testFolder } from '../folder.ts';
import { shells, without } from '../shells.ts';

const unasked = (): Promise<ProgramAnswer> => Promise.resolve({ exitCode: 0 });

/** A supervisor that holds its FIFO open and reads nothing, and a program that sends it a request. */
async function deafOne(t: TestContext): Promise<{ folder: string; program: string }> {
  const folder = await testFolder(t);
  mkdirSync(join(folder, 'replies'));
  const control = join(folder, 'control');
  execFileSync('mkfifo', [control]);
  const held = openSync(control, constants.O_RDWR | constants.O_NONBLOCK);
  t.after(() => {
    closeSync(held);
  });
  return {
    folder,
    program: plant(join(folder, 'bin/s6-svc'), requestShim(folder, process.pid, 0.1)),
  };
}

for (const { name, words: shell, skip } of shells) {
  test(
    `under ${name}: what is asked arrives as it is, what is answered is said`,
    { skip },
    async (t) => {
      const { runtime, asked, say, call } = await counter(t);
      const directory = plant(join(runtime.path, 'a b/run'), '').replace(/\/run$/, '');
      say({ exitCode: 99, stdout: 'up (pid 7)\n\\x', stderr: 'fatal: 100%' });
      const args = ['-wu', '', 'a  b', "it's", '$HOME', '*', 'é', 'back\\slash', '-n'];
      const called = await call('s6-svc', args, { shell, directory });
      assert.deepEqual(called, { code: 99, stdout: 'up (pid 7)\n\\x\n', stderr: 'fatal: 100%\n' });
      assert.deepEqual(asked, [{ program: 's6-svc', args, directory }]);
      assert.deepEqual(readdirSync(join(runtime.path, 'replies')), []);
    },
  );
}

test('an answer that exceeds the pipe is written completely', async (t) => {
  const { say, call } = await counter(t);
  const lines = Array.from({ length: 4096 }, (_, index) => `${String(index)} ${'x'.repeat(40)}`);
  say({ exitCode: 3, stdout: lines.join('\n') });
  const { code, stdout } = await call('s6-svdt', ['web']);
  assert.deepEqual([code, stdout.split('\n').slice(0, -1)], [3, lines]);
});

test('a program that exits in the middle of an answer does not block the supervisor', async (t) => {
  const { say, call, runtime } = await counter(t);
  await call('s6-svdt', []);
  say({ exitCode: 0, stdout: `${'x\n'.repeat(100_000)}x` });
  const impatient = ['sh', '-c', '"$0" web | read -r line'];
  await run(join(runtime.path, 'bin/s6-svdt'), [], { shell: impatient });
  say({ exitCode: 5 });
  assert.equal((await call('s6-svdt', [])).code, 5);
});

test('each of many concurrent requests gets its own answer', async (t) => {
  const { asked, call, runtime } = await counter(t);
  const first = await call('s6-svc', ['0']);
  assert.equal(first.code, 0);
  const file = join(runtime.path, 'bin/s6-svc');
  const rest = Array.from({ length: 20 }, (_, index) => String(index + 1));
  const all = await Promise.all(rest.map((word) => run(file, [word, 'x'.repeat(300)], {})));
  assert.deepEqual([...new Set(all.map(({ code }) => code))], [0]);
  const numbers = asked.map(({ args }) => Number(args[0]));
  assert.deepEqual(
    numbers.sort((a, b) => a - b),
    Array.from({ length: 21 }, (_, index) => index),
  );
});

test('a request for a directory of another supervisor runs the real program, further down the PATH', async (t) => {
  const { runtime, say, call } = await counter(t);
  say('elsewhere');
  plant(join(runtime.path, 'real/s6-mine'), '#!/bin/sh\necho "real: $*, $PATH"\nexit 5\n');
  const bin = `${runtime.path}/bin`;
  const real = `${runtime.path}/real`;
  const called = await call('s6-mine', ['-d', 'a b'], { path: `/usr/bin:${bin}:${real}:/bin` });
  assert.deepEqual([called.code, called.stdout], [5, `real: -d a b, /usr/bin:${real}:/bin\n`]);
});

test('without a real program the shim reports that', async (t) => {
  const { say, call } = await counter(t);
  say('elsewhere');
  const called = await call('s6-nothing', ['-d', '/etc']);
  assert.equal(called.code, 111);
  assert.match(called.stderr, /none of the supervisor's, and the real s6-nothing is not installed/);
});

test('too many arguments are rejected before a request is sent', async (t) => {
  const { asked, call } = await counter(t);
  for (const word of ['x'.repeat(4000), 'é'.repeat(1000)]) {
    const called = await call('s6-svc', [word]);
    assert.deepEqual(
      [called.code, called.stderr],
      [100, 's6-svc: fatal: these are too many arguments\n'],
    );
  }
  assert.deepEqual(asked, []);
});

test('a shim does not wait for a supervisor that has exited or cannot be reached', async (t) => {
  const folder = await testFolder(t);
  const gone = spawn('true');
  await new Promise((resolve) => gone.once('close', resolve));
  const unreachable = plant(join(folder, 'bin/s6-svc'), requestShim(folder, process.pid));
  const first = await run(unreachable, ['-d', 'web'], {});
  assert.equal(first.code, 100);
  assert.match(first.stderr, /the supervisor of .* cannot be reached/);
  await run(plant(join(folder, 'make'), 'mkfifo "$1"'), [join(folder, 'control')], {
    path: '/usr/bin:/bin',
  });
  const late = plant(join(folder, 'bin/s6-svc'), requestShim(folder, gone.pid ?? 0));
  const second = await run(late, ['-d', 'web'], { path: '/usr/bin:/bin' });
  assert.equal(second.code, 100);
  assert.match(second.stderr, /the supervisor of .* is gone/);
});

for (const { name, words: shell, skip } of shells) {
  test(
    `under ${name}: a shim does not wait for a supervisor that exits before it answers`,
    { skip },
    async (t) => {
      const { runtime, asked, say, close, call } = await counter(t);
      say(new Promise(() => undefined));
      const waiting = call('s6-svwait', ['web'], { shell });
      await until(() => asked.length > 0, 'the question');
      await close();
      const ended = await waiting;
      assert.equal(ended.code, 100);
      assert.match(ended.stderr, /^s6-svwait: fatal: the supervisor of .* is gone\n$/);
      assert.deepEqual(readdirSync(join(runtime.path, 'replies')), []);
    },
  );

  test(
    `under ${name}: a shim does not wait for a supervisor that does not read`,
    { skip },
    async (t) => {
      const { folder, program } = await deafOne(t);
      const unheard = await run(program, ['web'], { shell });
      assert.equal(unheard.code, 100);
      assert.match(unheard.stderr, /^s6-svc: fatal: the supervisor of .* does not answer\n$/);
      assert.deepEqual(readdirSync(join(folder, 'replies')), []);
    },
  );
}

test('a shim that ignores TERM waits no longer than others', async (t) => {
  const { say, call } = await counter(t, (runtime, host) => requestShim(runtime, host, 600));
  say({ exitCode: 4 });
  const shell = ['sh', '-c', `trap '' TERM; exec sh "$0" "$@"`];
  assert.equal((await call('s6-svstat', ['web'], { shell })).code, 4);
});

test('an entry with the name of the answer’s FIFO is replaced', async (t) => {
  const { folder, program } = await deafOne(t);
  const script = `: >replies/$$; exec ${program} web`;
  const left = await run(plant(join(folder, 'first'), script), [], { directory: folder });
  assert.match(left.stderr, /does not answer/);
});

const skip = without('s6-svscanctl');
test('the real s6-svscanctl reaches the supervisor', { skip }, async (t) => {
  const { runtime, commands } = await counter(t);
  const child = spawn('s6-svscanctl', ['-an', join(runtime.path, 'services')]);
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0);
  await until(() => commands.length > 0, 'the command');
  assert.deepEqual(commands, ['an']);
});

test('leftovers of an earlier run are replaced, and nothing is left', async (t) => {
  const folder = await testFolder(t);
  mkdirSync(join(folder, 'control/in it'), { recursive: true });
  mkdirSync(join(folder, 'replies/1'), { recursive: true });
  leaveMark(folder, 'control', 'replies');
  const other = new RuntimeDirectory(folder);
  other.makeFolder('services');
  mkdirSync(join(folder, 'services/.s6-svscan'));
  const control = new ControlFifos(other, {
    answer: unasked,
    command: () => 0,
    onProblem: () => undefined,
  });
  await control.open();
  await control.close();
  other.remove();
  assert.deepEqual(readdirSync(folder), []);
});

test('removed FIFOs are made again, and requests there are answered', async (t) => {
  const { runtime, call, asked, control } = await counter(t);
  assert.equal(control.isLost(), false);
  rmSync(join(runtime.path, 'control'));
  rmSync(join(runtime.path, 'replies'), { recursive: true });
  assert.equal(control.isLost(), true);
  await Promise.all([control.open(), control.open()]);
  assert.equal(control.isLost(), false);
  assert.equal((await call('s6-svc', ['-u', 'web'])).code, 0);
  assert.deepEqual(
    asked.map(({ args }) => args),
    [['-u', 'web']],
  );
});

test('a plain file in the place of the control FIFO is replaced', async (t) => {
  const { runtime, call, control } = await counter(t);
  rmSync(join(runtime.path, 'control'));
  writeFileSync(join(runtime.path, 'control'), 'x');
  assert.equal(control.isLost(), true);
  await control.open();
  assert.equal((await call('s6-svc', ['-u', 'web'])).code, 0);
});

test('a close during the opening leaves nothing open', async (t) => {
  const before = openDescriptors();
  const runtime = new RuntimeDirectory(await testFolder(t));
  runtime.makeFolder('services');
  mkdirSync(join(runtime.path, 'services/.s6-svscan'));
  const control = new ControlFifos(runtime, {
    answer: unasked,
    command: () => 0,
    onProblem: () => undefined,
  });
  const opened = control.open();
  await control.close();
  await opened;
  runtime.remove();
  assert.deepEqual(openedSince(before), []);
});

/** Writes all bytes to a FIFO of the runtime directory, at the pace of its reader. */
async function put(path: string, bytes: Buffer): Promise<void> {
  const fd = openSync(path, constants.O_WRONLY);
  try {
    for (let done = 0; done < bytes.length;) {
      done += (await promisify(write)(fd, bytes.subarray(done))).bytesWritten;
    }
  } finally {
    closeSync(fd);
  }
}

/** Descriptors that are closed at the end of the test, before the check for open descriptors. */
function descriptors(t: TestContext): number[] {
  const open: number[] = [];
  t.after(() => {
    for (const fd of open) closeSync(fd);
  });
  return open;
}

/** Opens a FIFO as a program does that waits for its answer. */
function openReader(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** A request in the form that a shim writes. */
function requestOf(reply: number, ...args: readonly string[]): Buffer {
  const fields = [requestMark, String(reply), '/', 's6-svstat', String(args.length), ...args];
  return Buffer.from(fields.map((field) => `${field}\0`).join(''));
}

for (const [what, garbage] of [
  ['a negative count', 'x\0/\0s6-svstat\0-4\0'],
  ['a count beyond all bounds', `${requestMark}\x001\0/\0s6-svstat\x001e9\0`],
  ['an unfinished request', requestOf(1, 'web', 'x').subarray(0, -2)],
  ['5 MB of nothing', Buffer.alloc(5_000_000, 'x')],
  ['5 MB of fields', Buffer.alloc(5_000_000)],
  ['5 MB of marks', Buffer.alloc(5_000_000, `${requestMark}\0`)],
] as const) {
  test(`${what}: one problem, and the next request is answered`, async (t) => {
    const { runtime, asked, problems, say, call } = await counter(t);
    say({ exitCode: 7 });
    await put(join(runtime.path, 'control'), Buffer.from(garbage));
    assert.equal((await call('s6-svstat', ['web'])).code, 7);
    assert.equal(asked.length, 1);
    const count = (message: string): number =>
      Number(/^(\d+) bytes that are no request/.exec(message)?.[1]);
    const dropped = (): number => problems.reduce((sum, { message }) => sum + count(message), 0);
    await until(() => dropped() === Buffer.from(garbage).length, 'each byte that was dropped');
    assert.ok(problems.length <= 5, `${problems.length} problems`);
    assert.deepEqual(new Set(problems.map(({ code }) => code)), new Set(['request-dropped']));
  });
}

test('of a flood of requests one is answered in each turn, in order', async (t) => {
  const { runtime, asked } = await counter(t);
  const count = 10_000;
  const flood = Array.from({ length: count }, (_, index) => requestOf(9_999_999, String(index)));
  const written = put(join(runtime.path, 'control'), Buffer.concat(flood));
  let most = 0;
  for (let before = 0; asked.length < count; before = asked.length) {
    await nextTurn();
    most = Math.max(most, asked.length - before);
  }
  await written;
  assert.ok(most <= 2, `${most} in a turn`);
  assert.deepEqual(
    asked.map(({ args }) => Number(args[0])),
    [...asked.keys()],
  );
});

test('the number of waiting programs is limited; requests of programs that have ended are dropped first', async (t) => {
  const readers = descriptors(t);
  const { runtime, asked, signals, say } = await counter(t);
  const control = join(runtime.path, 'control');
  say(new Promise(() => undefined));
  await put(control, requestOf(9_999_999, 'ended'));
  await until(() => asked.length === 1, 'the first');
  assert.equal(signals[0]?.aborted, true, 'its program is not there');
  const names = Array.from({ length: mostWaiting + 1 }, (_, index) => String(index + 1));
  execFileSync('mkfifo', names, { cwd: join(runtime.path, 'replies') });
  const ask = async (name: string): Promise<void> => {
    const path = join(runtime.path, 'replies', name);
    readers.push(openReader(path));
    await put(control, requestOf(Number(name)));
  };
  for (const name of names.slice(0, -1)) await ask(name);
  await until(() => asked.length === mostWaiting + 1, 'all of them');
  const aborted = (): number => signals.filter(({ aborted: is }) => is).length;
  assert.equal(aborted(), 1);
  closeSync(readers.shift() ?? -1);
  await ask(names.at(-1) ?? '');
  await until(() => asked.length === mostWaiting + 2, 'the last');
  assert.equal(aborted(), 2);
  assert.equal(signals.at(-1)?.aborted, false);
  assert.equal(signals[1]?.aborted, true, 'the one that has ended');
});

for (const [what, make] of [
  ['a file', (path: string) => writeFileSync(path, 'x')],
  ['a link to a file', (path: string) => symlinkSync('../elsewhere', path)],
  ['a link to a FIFO', (path: string) => symlinkSync('../fifo', path)],
  ['a folder', (path: string) => mkdirSync(path)],
  ['a FIFO that no process reads', (path: string) => void execFileSync('mkfifo', [path])],
] as const) {
  test(`${what} in the place of the FIFO for the answer is not written to`, async (t) => {
    const open = descriptors(t);
    const { runtime, asked, signals } = await counter(t);
    const elsewhere = plant(join(runtime.path, 'elsewhere'), 'kept');
    execFileSync('mkfifo', [join(runtime.path, 'fifo')]);
    const fifo = openReader(join(runtime.path, 'fifo'));
    open.push(fifo);
    make(join(runtime.path, 'replies', '5'));
    await put(join(runtime.path, 'control'), requestOf(5));
    await until(() => asked.length > 0, 'the request');
    assert.equal(signals[0]?.aborted, true);
    assert.equal(readFileSync(elsewhere, 'utf8'), 'kept');
    assert.equal(readSync(fifo, Buffer.alloc(10)), 0);
  });
}

test('answers that are not read are dropped, the oldest first', async (t) => {
  const open = descriptors(t);
  const { runtime, problems, asked, say } = await counter(t);
  say({ exitCode: 0, stdout: 'x'.repeat(100_000) });
  const names = Array.from({ length: 110 }, (_, index) => String(index + 1));
  execFileSync('mkfifo', names, { cwd: join(runtime.path, 'replies') });
  open.push(...names.map((name) => openReader(join(runtime.path, 'replies', name))));
  for (const name of names) await put(join(runtime.path, 'control'), requestOf(Number(name)));
  await until(() => asked.length === names.length, 'all requests');
  await until(() => problems.length > 0, 'the problem');
  assert.match(
    problems[0]?.message ?? '',
    /^\d+ bytes of answers that were not read were dropped$/,
  );
});

test('bytes that are no command of s6-svscan are a problem', async (t) => {
  const { runtime, commands, problems, setUnknown } = await counter(t);
  setUnknown(3);
  await put(join(runtime.path, scanControl), Buffer.from('aXYZ'));
  await until(() => problems.length > 0, 'the problem');
  assert.deepEqual(commands, ['aXYZ']);
  assert.match(
    problems[0]?.message ?? '',
    /^3 bytes that are no command of s6-svscan were dropped/,
  );
});
