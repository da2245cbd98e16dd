import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Question, Told } from '../../lib/runtime/control-fifos.ts';
import { ControlFifos } from '../../lib/runtime/control-fifos.ts';
import { RuntimeDirectory } from '../../lib/runtime/runtime-directory.ts';
import { asking } from '../../lib/runtime/stand-ins/asking.ts';
import { childrenOf, openDescriptors, until } from '../processes.ts';
import { plant, testFolder } from './folder.ts';
import { shells, without } from './shells.ts';

interface Counter {
  readonly runtime: RuntimeDirectory;
  readonly asked: Question[];
  readonly commands: string[];
  /** What is answered from now on. */
  say(told: Told): void;
  /** Calls a stand-in with arguments, and what came of it. */
  call(name: string, args: readonly string[], more?: Calling): Promise<Called>;
}

interface Calling {
  readonly shell?: readonly string[];
  readonly directory?: string;
  readonly path?: string;
}

interface Called {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const unasked = (): Promise<Told> => Promise.resolve({ exitCode: 0 });

/** Control FIFOs with somebody behind them who answers. */
async function counter(t: TestContext, name = 'run time'): Promise<Counter> {
  const before = { descriptors: openDescriptors(), children: childrenOf(process.pid) };
  const runtime = new RuntimeDirectory(join(await testFolder(t), name));
  const asked: Question[] = [];
  const commands: string[] = [];
  let told: Told = { exitCode: 0 };
  runtime.makeFolder('services');
  mkdirSync(join(runtime.path, 'services/.s6-svscan'));
  const control = new ControlFifos(runtime, {
    answer: (question) => {
      asked.push(question);
      return Promise.resolve(told);
    },
    command: (letters) => commands.push(letters),
  });
  await control.open();
  t.after(async () => {
    await control.close();
    runtime.remove();
    const isNew = (descriptor: string): boolean => !before.descriptors.includes(descriptor);
    assert.deepEqual(openDescriptors().filter(isNew), []);
    assert.deepEqual(childrenOf(process.pid), before.children);
  });
  const program = asking(runtime.path, process.pid);
  return {
    runtime,
    asked,
    commands,
    say: (answer) => (told = answer),
    call: (called, args, more = {}) => {
      const file = plant(join(runtime.claim('bin'), called), program);
      return run(file, args, { ...more, path: more.path ?? `${runtime.path}/bin:/usr/bin:/bin` });
    },
  };
}

function run(file: string, args: readonly string[], { shell = ['sh'], directory, path }: Calling) {
  const [program = 'sh', ...words] = shell;
  const child = spawn(program, [...words, file, ...args], {
    ...(directory !== undefined && { cwd: directory }),
    env: { ...process.env, PATH: path ?? '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise<Called>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
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

test('many who ask at once are answered each for itself', async (t) => {
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

test('what is none of our business is left to the real program, further down the PATH', async (t) => {
  const { runtime, say, call } = await counter(t);
  say('elsewhere');
  plant(join(runtime.path, 'real/s6-mine'), '#!/bin/sh\necho "real: $*, $PATH"\nexit 5\n');
  const bin = `${runtime.path}/bin`;
  const real = `${runtime.path}/real`;
  const called = await call('s6-mine', ['-d', 'a b'], { path: `/usr/bin:${bin}:${real}:/bin` });
  assert.deepEqual([called.code, called.stdout], [5, `real: -d a b, /usr/bin:${real}:/bin\n`]);
});

test('where there is no real program, that is said', async (t) => {
  const { say, call } = await counter(t);
  say('elsewhere');
  const called = await call('s6-nothing', ['-d', '/etc']);
  assert.equal(called.code, 111);
  assert.match(called.stderr, /none of the supervisor's, and the real s6-nothing is not installed/);
});

test('too many arguments are refused before anything is asked', async (t) => {
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

test('nobody waits for a supervisor that is gone, or that cannot be reached', async (t) => {
  const folder = await testFolder(t);
  const gone = spawn('true');
  await new Promise((resolve) => gone.once('close', resolve));
  const unreachable = plant(join(folder, 'bin/s6-svc'), asking(folder, process.pid));
  const first = await run(unreachable, ['-d', 'web'], {});
  assert.equal(first.code, 100);
  assert.match(first.stderr, /the supervisor of .* is not to be reached/);
  await run(plant(join(folder, 'make'), 'mkfifo "$1"'), [join(folder, 'control')], {
    path: '/usr/bin:/bin',
  });
  const late = plant(join(folder, 'bin/s6-svc'), asking(folder, gone.pid ?? 0));
  const second = await run(late, ['-d', 'web'], { path: '/usr/bin:/bin' });
  assert.equal(second.code, 100);
  assert.match(second.stderr, /the supervisor of .* is gone/);
});

const skip = without('s6-svscanctl');
test('the real s6-svscanctl finds whom it looks for', { skip }, async (t) => {
  const { runtime, commands } = await counter(t);
  const child = spawn('s6-svscanctl', ['-an', join(runtime.path, 'services')]);
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0);
  await until(() => commands.length > 0, 'the command');
  assert.deepEqual(commands, ['an']);
});

test('what an earlier life left is no hindrance, and nothing is left', async (t) => {
  const { runtime } = await counter(t);
  const other = new RuntimeDirectory(runtime.path);
  other.makeFolder('services');
  mkdirSync(join(runtime.path, 'services/.s6-svscan'));
  const control = new ControlFifos(other, {
    answer: unasked,
    command: () => undefined,
  });
  await control.open();
  await control.close();
  other.remove();
  assert.equal(existsSync(join(runtime.path, 'control')), false);
});

test('closed while it is being opened, it opens nothing', async (t) => {
  const before = openDescriptors();
  const runtime = new RuntimeDirectory(await testFolder(t));
  runtime.makeFolder('services');
  mkdirSync(join(runtime.path, 'services/.s6-svscan'));
  const control = new ControlFifos(runtime, {
    answer: unasked,
    command: () => undefined,
  });
  const opened = control.open();
  await control.close();
  await opened;
  runtime.remove();
  assert.deepEqual(openDescriptors(), before);
});
