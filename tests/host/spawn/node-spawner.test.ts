import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Command } from '../../../lib/model/program.ts';
import { openDescriptors, openedSince } from '../../processes.ts';
import { whoRuns } from '../folder.ts';
import { rig } from '../rig.ts';
import { runHost } from '../run-host.ts';
import { hostOf, testEachWay as test, wayOf } from '../ways.ts';

test('a child has a session and a process group of its own', async (t) => {
  const { sh } = await rig(t);
  const life = sh('exec cat /proc/self/stat');
  await life.over;
  const fields = (life.lines[0] ?? '').split(' ');
  const pid = String(life.pid);
  assert.deepEqual([fields[0], fields[4], fields[5]], [pid, pid, pid]);
});

test('a child has no signal ignored or blocked', async (t) => {
  const { start } = await rig(t);
  const life = start({
    program: { command: ['grep', '-E', '^Sig(Blk|Ign)', '/proc/self/status'] },
  });
  await life.over;
  assert.deepEqual(life.lines, ['SigBlk:\t0000000000000000', 'SigIgn:\t0000000000000000']);
});

test('a child does not inherit ignored or blocked signals of its host, but its umask', async (t) => {
  const ignored = ['USR1', 'PIPE', 'INT'].map((name) => `--ignore-signal=${name}`);
  const blocked = ['USR2', 'TERM', 'CHLD'].map((name) => `--block-signal=${name}`);
  const umask = ['sh', '-c', 'umask 027; exec "$@"', 'sh'];
  const { output } = await runHost('surroundings', [
    ...umask,
    ...hostOf(t),
    ...ignored,
    ...blocked,
  ]);
  const none = '0000000000000000';
  assert.equal(output, `SigBlk:\t${none} SigIgn:\t${none} 0027\n`);
});

test('a child has no descriptors besides those of its command', async (t) => {
  const { sh, spawner } = await rig(t);
  // Descriptors that this process has inherited go to all its children: Node closes none of them.
  const list = 'ls /proc/$$/fd; :';
  const all = execFileSync('sh', ['-c', list], { encoding: 'utf8' }).split('\n');
  const inherited = new Set(all.slice(3));
  const others = [
    sh('exec sleep 600', { name: 'web/log', stdin: { pipe: 'web' } }),
    sh('exec sleep 600', { name: 'web', stdout: { pipe: 'web' }, notificationFd: 5 }),
  ];
  for (const other of others) await other.tells('spawned');
  // One at a time: on a busy machine the last output of several children may arrive too late.
  const given = async (command?: Partial<Command>): Promise<readonly string[]> => {
    const life = sh(list, command);
    await life.over;
    return life.lines.filter((descriptor) => !inherited.has(descriptor));
  };
  assert.deepEqual(await given(), ['0', '1', '2']);
  assert.deepEqual(await given({ notificationFd: 7 }), ['0', '1', '2', '7']);
  const reading = { stdin: { pipe: 'web' }, name: 'second/log' } as const;
  assert.deepEqual(await given(reading), ['0', '1', '2']);
  spawner.closePipe('web');
});

test('standard input is empty or the host’s', async (t) => {
  const { sh } = await rig(t);
  const empty = sh('cat; readlink /proc/self/fd/0');
  await empty.over;
  assert.deepEqual(empty.lines, ['/dev/null']);
  const inherited = sh('readlink /proc/self/fd/0', { stdin: 'inherit' });
  await inherited.over;
  assert.deepEqual(inherited.lines, [readlinkSync('/proc/self/fd/0')]);
});

test('ignored output is dropped', async (t) => {
  const { sh } = await rig(t);
  const life = sh('exec sleep 600', { stdout: 'ignore', stderr: 'ignore' });
  await life.tells('spawned');
  for (const descriptor of [0, 1, 2]) {
    assert.equal(readlinkSync(`/proc/${life.pid}/fd/${descriptor}`), '/dev/null');
  }
});

test('a child can open its own output again', async (t) => {
  const { sh } = await rig(t);
  const life = sh(
    'echo one > /dev/stdout; echo two > /dev/stderr; echo > /dev/fd/3; echo three > /proc/self/fd/1',
    { notificationFd: 3 },
  );
  await life.over;
  assert.deepEqual(life.told.toSorted(), [
    'announced',
    'exited 0',
    'spawned',
    'stderr: two',
    'stdout: one',
    'stdout: three',
  ]);
});

test('the first of many is spawned at once, the others one per turn, in order', async (t) => {
  const { sh } = await rig(t);
  const quiet = { stdout: 'ignore', stderr: 'ignore' } as const;
  const lives = Array.from({ length: 10 }, () => sh('exec sleep 600', quiet));
  const spawned = (): number => lives.filter(({ pid }) => pid !== undefined).length;
  assert.equal(spawned(), 1);
  const counts: number[] = [];
  while (spawned() < lives.length) {
    counts.push(spawned());
    await turn();
  }
  assert.ok(counts.length >= 9, `one a turn: ${counts.join()}`);
  const places = lives.map(({ place }) => Number(place));
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  for (const life of lives) life.kill('SIGKILL');
  await Promise.all(lives.map((life) => life.over));
  await turn();
  const next = sh('exec sleep 600', quiet);
  assert.equal(typeof next.pid, 'number', 'the spawner is idle, so the next spawn is immediate');
});

test('a kill has no effect on a child that is not spawned yet', async (t) => {
  const { sh } = await rig(t);
  const first = sh('exec sleep 600', { stdout: 'ignore' });
  const second = sh('exit 7', { stdout: 'ignore' });
  second.kill('SIGKILL');
  assert.deepEqual(await second.over, { code: 7, signal: null });
  first.kill('SIGTERM');
});

test('a signal reaches the process alone, or its group', async (t) => {
  const { sh } = await rig(t);
  // The announcement covers both: the parent starts the child only after it has set its trap.
  const child = `trap "echo child" USR1; echo ready; while :; do sleep 0.02; done`;
  const life = sh(`trap 'echo parent' USR1; sh -c '${child}' & while :; do wait; done`);
  await life.tells('stdout: ready');
  life.kill('SIGUSR1');
  await life.tells('stdout: parent');
  assert.deepEqual(life.lines, ['ready', 'parent']);
  life.kill('SIGUSR1', 'group');
  await life.tells('stdout: child');
  life.kill('SIGKILL', 'group');
  assert.deepEqual(await life.over, { code: null, signal: 'SIGKILL' });
});

test('a script runs in its folder, by its interpreter, whatever its mode is', async (t) => {
  const { start, file, folder } = await rig(t);
  const script = file(
    'services.d/web/run',
    '#!/bin/sh -e\necho "$0" "$1"; pwd; false; echo no',
    0o644,
  );
  const life = start({ program: { script }, args: ['web'] });
  await life.over;
  assert.deepEqual(life.lines, ['./run web', join(folder, 'services.d/web')]);
  assert.deepEqual(life.exit, { code: 1, signal: null });
  const byPath = start({ program: { script }, calledBy: 'path' });
  await byPath.over;
  assert.equal(byPath.lines[0], `${script} `);
});

test('a child gets the container environment as it is at the spawn', async (t) => {
  const { start, sh, file, environment } = await rig(t, { variables: { GREETING: 'hello' } });
  const script = file('run', '#!/usr/bin/with-contenv sh\necho "$GREETING"\n');
  const say = async (): Promise<string | undefined> => {
    const life = start({ program: { script } });
    await life.over;
    return life.lines[0];
  };
  assert.equal(await say(), 'hello');
  environment.set('GREETING', 'good day');
  assert.equal(await say(), 'good day');
  await sh('printf "good night" > "$STAGEKEEPER_RUNTIME/container_environment/GREETING"').over;
  assert.equal(await say(), 'good night');
  assert.equal(environment.get('GREETING'), 'good night');
});

test('with-contenv finds its interpreter on the PATH of the container environment', async (t) => {
  const { start, file, environment, folder } = await rig(t);
  file('bin/special', '#!/bin/sh\necho "special $1"\n');
  const script = file('run', '#!/command/with-contenv special\n', 0o644);
  const lost = start({ program: { script } });
  await lost.over;
  // The system reports EACCES if PATH has a folder without search permission.
  assert.match(lost.failure?.code ?? '', /ENOENT|EACCES/);
  assert.match(
    lost.failure?.message ?? '',
    /the interpreter special of .*run is not on its PATH \//,
  );
  environment.set('PATH', `${folder}/bin:${environment.get('PATH')}`);
  const found = start({ program: { script } });
  await found.over;
  assert.deepEqual(found.lines, ['special ./run']);
});

test('spawns in the same turn share a reading of the container environment', async (t) => {
  const { sh, environment } = await rig(t);
  const { mock } = t.mock.method(environment, 'entries');
  await Promise.all(Array.from({ length: 6 }, () => sh('exit 0').over));
  const readings = mock.callCount();
  assert.ok(readings <= 2, 'the first spawn may have begun before the other calls');
  await sh('exit 0').over;
  assert.equal(mock.callCount(), readings + 1);
});

test('a child runs under coverage, where Node adds a variable to the environment itself', async (t) => {
  const { sh, environment, folder } = await rig(t);
  const before = process.env['NODE_V8_COVERAGE'];
  process.env['NODE_V8_COVERAGE'] = folder;
  environment.delete('NODE_V8_COVERAGE');
  try {
    const life = sh('echo here');
    assert.deepEqual(await life.over, { code: 0, signal: null });
    assert.deepEqual(life.lines, ['here']);
  } finally {
    if (before === undefined) delete process.env['NODE_V8_COVERAGE'];
    else process.env['NODE_V8_COVERAGE'] = before;
  }
});

test(
  'a process with an account has no groups besides that account’s group',
  { skip: whoRuns.root },
  async (t) => {
    const { sh } = await rig(t);
    const life = sh('id -u; id -g; id -G; echo again > /dev/stdout', { user: '1234:2345' });
    await life.over;
    assert.deepEqual(life.lines, ['1234', '2345', '2345', 'again']);
  },
);

test('no file is made before the first spawn, and no descriptor is left after close', async (t) => {
  const { sh, spawner, runtime } = await rig(t);
  assert.equal(runtime.inUse, false);
  const before = openDescriptors();
  await sh('exit 0', { stdin: { pipe: 'web' }, notificationFd: 3 }).over;
  assert.equal(runtime.inUse, true);
  await spawner.close();
  assert.deepEqual(openedSince(before), []);
});

test('a spawn after close is refused', async (t) => {
  const { sh, spawner } = await rig(t);
  await sh('exit 0').over;
  await spawner.close();
  const before = openDescriptors();
  for (const life of [sh('exit 0'), sh('exit 0', { stdout: { pipe: 'web' } })]) {
    await life.over;
    assert.deepEqual(life.told, ['unspawnable ECANCELED']);
  }
  assert.deepEqual(openedSince(before), []);
});

test('a spawn that is still queued at close is refused', async (t) => {
  const { sh, spawner } = await rig(t);
  const quiet = { stdout: 'ignore', stderr: 'ignore' } as const;
  const lives = [
    sh('exit 0', { stdin: { pipe: 'web' } }),
    sh('exit 0', quiet),
    sh('exit 0', quiet),
  ];
  await Promise.all([spawner.close(), ...lives.map((life) => life.over)]);
  // Only a FIFO is made asynchronously.
  const [refused, spawned] = ['unspawnable ECANCELED', 'spawned'];
  assert.deepEqual(
    lives.map((life) => life.told[0]),
    wayOf(t) === 'native' ? [spawned, refused, refused] : [refused, spawned, refused],
  );
});
