/*
 * What a native start must do itself and Node's spawn does as well: each test runs with both where possible.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ExecPlan } from '../../../lib/host/spawn/exec-plan.ts';
import { nativeStart } from '../../../lib/host/spawn/start-native.ts';
import { makePipe } from '../../../lib/host/pipes/pipe-ends.ts';
import type { Descriptors } from '../../../lib/host/os/descriptor.ts';
import type { Exit } from '../../../lib/model/exit.ts';
import { openDescriptors, read, openedSince } from '../../processes.ts';
import { rig } from '../rig.ts';
import { posixOf, testEachWay, without } from '../ways.ts';

const skip = without('native');

testEachWay('every variable and argument arrives unchanged', async (t) => {
  const { start } = await rig(t);
  const names = Array.from({ length: 500 }, (_, index) => `V${index}`);
  const environment = Object.fromEntries(
    names.map((name, index) => [name, `${'x'.repeat(index)} = „${index}“\n`]),
  );
  const args = ['', ' ', 'grüße', '"$HOME"', '👋'];
  const script =
    'process.stdout.write(JSON.stringify([process.argv.slice(1), process.env]) + "\\n")';
  const life = start({ program: { command: ['node', '-e', script, '--', ...args] }, environment });
  await life.over;
  const [given, variables] = JSON.parse(life.lines.join('')) as [string[], typeof environment];
  assert.deepEqual(given, args);
  assert.deepEqual(Object.fromEntries(names.map((name) => [name, variables[name]])), environment);
});

testEachWay('no descriptor overwrites another one, whatever their numbers are', async (t) => {
  const { sh, spawner } = await rig(t);
  const input = { name: 'web/log', stdin: { pipe: 'web' } } as const;
  const lives = Array.from({ length: 45 }, (_, index) =>
    sh(`echo out; echo err >&2; readlink /dev/fd/0; echo > /dev/fd/${index + 3}; read -r _`, {
      ...input,
      notificationFd: index + 3,
    }),
  );
  // The last output of a process may arrive too late on a busy machine, so it is written before the announcement.
  for (const life of lives) await life.tells('announced');
  spawner.closePipe('web');
  for (const life of lives) await life.over;
  for (const life of lives) {
    const [out, link = ''] = life.lines;
    assert.equal(out, 'out');
    assert.match(link, /pipe/);
    assert.ok(life.told.includes('announced'), `${life.command.notificationFd}`);
    assert.ok(life.told.includes('stderr: err'));
  }
});

testEachWay('a file without a known format is run by sh, from PATH and by its path', async (t) => {
  const { start, file, folder } = await rig(t);
  const path = file('bin/plain', 'echo "$0 $1"\n');
  const environment = { PATH: `/nowhere:${folder}/bin:/bin:/usr/bin` };
  for (const name of ['plain', path]) {
    const life = start({ program: { command: [name, 'word'] }, environment });
    await life.over;
    assert.deepEqual(life.lines, [`${path} word`]);
  }
});

testEachWay('a program is searched on PATH as the system does', async (t) => {
  const { start, file, folder } = await rig(t);
  file('a/tool', '#!/bin/sh\necho a\n', 0o644);
  file('b/tool/not', 'a folder of that name');
  file('c/tool', '#!/bin/sh\necho c\n');
  file('d/tool', '#!/bin/sh\necho d\n');
  const tell = async (path: string | undefined): Promise<string> => {
    const program = { command: ['tool'], directory: folder };
    const life = start({ program, environment: path === undefined ? {} : { PATH: path } });
    await life.over;
    return life.failure?.code ?? life.lines.join();
  };
  const [a, b, c] = ['a', 'b', 'c'].map((name) => `${folder}/${name}`);
  assert.equal(await tell(`${a}:/nowhere:${b}:${c}:${folder}/d`), 'c');
  assert.equal(await tell(`d:c`), 'd', 'from the working directory of the process');
  assert.equal(await tell(`${a}:/nowhere`), 'EACCES');
  assert.equal(await tell(`/nowhere:/nor/here`), 'ENOENT');
  assert.equal(await tell(''), 'ENOENT');
  file('tool', '#!/bin/sh\necho here\n');
  assert.equal(await tell(''), 'here', 'an empty entry is the working directory');
});

testEachWay('200 children that exit at once report their own codes', async (t) => {
  const { sh, spawner } = await rig(t);
  const logger = { name: 'web/log', stdin: { pipe: 'web' }, stdout: 'ignore' } as const;
  const lives = Array.from({ length: 200 }, (_, code) =>
    sh(`read -r line; exit ${code}`, { ...logger, stderr: 'ignore' }),
  );
  for (const life of lives) await life.tells('spawned');
  spawner.closePipe('web');
  const codes = await Promise.all(lives.map((life) => life.over));
  assert.deepEqual(
    codes,
    lives.map((_, code) => ({ code, signal: null })),
  );
});

testEachWay('the host’s own children keep their exit codes', async (t) => {
  const { sh } = await rig(t);
  const quiet = { stdout: 'ignore', stderr: 'ignore' } as const;
  const codes = Array.from({ length: 40 }, (_, index) => index + 1);
  const all = codes.map((code) => {
    const child = spawn('sh', ['-c', `exit ${code}`], { stdio: 'ignore' });
    return { exit: once(child, 'exit'), life: sh(`exit ${code}`, quiet) };
  });
  const ends = await Promise.all(all.map(({ exit, life }) => Promise.all([exit, life.over])));
  assert.deepEqual(
    ends,
    codes.map((code) => [[code, null], { code, signal: null }]),
  );
});

test(
  'a death by a real-time signal becomes the exit code that a shell reports',
  { skip },
  async (t) => {
    const { over, pid } = startIt(['sh', '-c', 'kill -40 $$; sleep 600']);
    t.after(() => read(`/proc/${pid}/stat`) !== '' && process.kill(pid, 'SIGKILL'));
    assert.deepEqual(await over, { code: 168, signal: null });
  },
);

test(
  'a process with withHost stays in the host’s session and process group',
  { skip },
  async () => {
    const { over, pid } = startIt(['sleep', '600'], true);
    const groupOf = (id: number): readonly string[] =>
      read(`/proc/${id}/stat`).replace(/.*\) /, '').split(' ').slice(2, 4);
    assert.deepEqual(groupOf(pid), groupOf(process.pid));
    process.kill(pid, 'SIGKILL');
    assert.deepEqual(await over, { code: null, signal: 'SIGKILL' });
  },
);

test('two descriptors can be swapped', { skip }, async (t) => {
  const { file, folder } = await rig(t);
  const [one, two] = [openSync(file('1', 'one'), 'r'), openSync(file('2', 'two'), 'r')];
  const output = openSync(file('output', ''), 'w');
  const last = Math.max(one, two);
  const descriptors = Array.from({ length: last + 1 }, (_, target): Descriptors[number] => {
    if (target === one || target === two) return target === one ? two : one;
    return target === 1 ? output : 'ignore';
  });
  const { over } = startIt(['cat', `/dev/fd/${one}`, `/dev/fd/${two}`], false, descriptors);
  for (const each of [one, two, output]) closeSync(each);
  assert.deepEqual(await over, { code: 0, signal: null });
  assert.equal(read(join(folder, 'output')), 'twoone');
});

test('the stdin of a process is made blocking', { skip }, async () => {
  const { read: end, write } = makePipe(posixOf('native') ?? assert.fail());
  const input = openSync(`/proc/self/fd/${end}`, constants.O_RDONLY | constants.O_NONBLOCK);
  const { over } = startIt(['sh', '-c', 'read -r word; exit "$word"'], false, [input]);
  const reading = read(`/proc/self/fdinfo/${input}`);
  writeSync(write, '7\n');
  for (const each of [end, write, input]) closeSync(each);
  assert.deepEqual(await over, { code: 7, signal: null });
  const flags = parseInt(/flags:\s*(\d+)/.exec(reading)?.[1] ?? '', 8);
  assert.equal(flags & constants.O_NONBLOCK, 0);
});

test('a pipe has a read and a write end, and children do not inherit them', { skip }, async () => {
  const before = openDescriptors();
  const { read: end, write } = makePipe(posixOf('native') ?? assert.fail());
  writeSync(write, 'text');
  assert.equal(readSync(end, Buffer.alloc(10)), 4);
  const { over } = startIt(['sh', '-c', `! test -e /dev/fd/${end} && ! test -e /dev/fd/${write}`]);
  assert.deepEqual(await over, { code: 0, signal: null });
  for (const each of [end, write]) closeSync(each);
  assert.deepEqual(openedSince(before), []);
});

/** Starts a program natively, by default with nothing at its descriptors. */
function startIt(
  words: readonly string[],
  withHost = false,
  descriptors: Descriptors = ['ignore', 'ignore', 'ignore'],
): { over: Promise<Exit>; pid: number } {
  const [file = '', ...args] = words;
  const environment = { PATH: process.env['PATH'] ?? '' };
  const launch: ExecPlan = { file, args, directory: '/', environment, account: {}, withHost };
  const posix = posixOf('native') ?? assert.fail();
  let pid = 0;
  const over = new Promise<Exit>((resolve, reject) => {
    const listener = { ended: resolve, failed: reject };
    pid = nativeStart(posix)(launch, descriptors, listener).pid ?? 0;
  });
  return { over, pid };
}
