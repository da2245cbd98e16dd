/*
 * The guard: what is left of the processes of a host that was killed.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { Guard } from '../../../lib/host/orphans/guard.ts';
import type { Problem } from '../../../lib/model/problem.ts';
import { guardsOf, isAlive, isAtRest, livingWithEntry, read, until } from '../../processes.ts';
import { unlessInCI } from '../../skipping.ts';
import { plant, testFolder, whoRuns } from '../folder.ts';
import type { Rig } from '../rig.ts';
import { rig } from '../rig.ts';
import type { HostEnd } from '../run-host.ts';
import { asProcess1, runHost } from '../run-host.ts';

/** Milliseconds in which all processes must be gone: it takes a second on an idle machine. */
const soon = 3000;

interface Killed {
  readonly output: string;
  readonly pids: readonly number[];
  readonly runtime: string;
  /** When the host was killed, in `performance.now()`. */
  readonly at: number;
}

/** Runs a scene and kills its host when it is ready. */
async function killHost(
  scene: string,
  {
    wrapper = [],
    look = () => undefined,
  }: { wrapper?: string[]; look?: (guard: number) => void } = {},
): Promise<Killed> {
  let at = 0;
  const killWhenReady = (pid: number, output: string): void => {
    if (at > 0 || !output.includes('ready')) return;
    look(pidOf('guard', output));
    at = performance.now();
    process.kill(pid, 'SIGKILL');
  };
  const { output, signal } = await runHost(scene, wrapper, killWhenReady, {
    file: 'guarded-host.ts',
  });
  assert.equal(signal, 'SIGKILL', output);
  return { ...seen(output), output, at };
}

function seen(output: string): Pick<Killed, 'pids' | 'runtime'> {
  const pids = [...output.matchAll(/^pids (.*)$/gm)].flatMap(([, list = '']) => list.split(' '));
  assert.notDeepEqual(pids, [], output);
  return { pids: pids.map(Number), runtime: /runtime (\S+)/.exec(output)?.[1] ?? '' };
}

/** The pid that the host has printed for this name. */
function pidOf(name: string, output: string): number {
  const [, pid] = new RegExp(`^${name} (\\d+)`, 'm').exec(output) ?? [];
  assert.ok(pid !== undefined, output);
  return Number(pid);
}

async function assertNothingLeft(
  t: TestContext,
  pids: readonly number[],
  at: number,
): Promise<void> {
  t.after(() => {
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  await until(() => !pids.some(isAlive), `the end of ${pids.length} processes`, soon);
  t.diagnostic(`${pids.length} processes are gone after ${Math.round(performance.now() - at)} ms`);
}

// Each test starts a host, which takes a second, so they run concurrently.
void describe('a host with a guard, that', { concurrency: 2 }, () => {
  test('is killed: services, their groups, daemons and the runtime directory are removed', async (t) => {
    const { pids, runtime, at } = await killHost('ten', {
      look: (guard) => {
        const pss = /^Pss:.*/m.exec(read(`/proc/${guard}/smaps_rollup`))?.[0];
        t.diagnostic(`the guard's memory: ${pss?.replaceAll(/\s+/g, ' ') ?? 'unknown'}`);
      },
    });
    assert.equal(pids.length, 17);
    await assertNothingLeft(t, pids, at);
    // The last child of the guard, which searches for daemons, may live a moment longer.
    const marked = (): readonly number[] => livingWithEntry(`STAGEKEEPER_RUNTIME=${runtime}`);
    await until(() => marked().length === 0, 'the end of all processes with the marker', soon);
    await until(() => !existsSync(runtime), 'the end of the runtime directory', soon);
  });

  test('is killed: a runtime directory that the host provided stays', async (t) => {
    const given = await testFolder(t);
    const guards: number[] = [];
    const { pids, at } = await killHost('ten', {
      wrapper: ['env', `RUNTIME=${given}`],
      look: (guard) => void guards.push(guard),
    });
    await assertNothingLeft(t, pids, at);
    await until(() => !guards.some(isAlive), 'the end of the guard');
    assert.equal(guards.length, 1);
    assert.ok(readdirSync(given).includes('bin'), 'with its content');
  });

  test('is killed after it has enabled the guard late: earlier children are ended', async (t) => {
    const { output, pids, at } = await killHost('late');
    assert.match(output, /guards before: 0/);
    await assertNothingLeft(t, pids, at);
  });

  test('is killed after it has lost its guard: the next guard ends the children', async (t) => {
    const { output, pids, at } = await killHost('lost');
    assert.match(output, /problem guard-lost/);
    await assertNothingLeft(t, pids, at);
  });

  test('exits without stopping its children: they are ended, with their daemons', async (t) => {
    const { code, output } = await runHost('exit', [], undefined, { file: 'guarded-host.ts' });
    const at = performance.now();
    assert.equal(code, 3, output);
    const { pids, runtime } = seen(output);
    await assertNothingLeft(t, pids, at);
    assert.equal(existsSync(runtime), false);
  });
});

void describe('a host with a guard, that', { concurrency: 2 }, () => {
  test('stops: the guard exits and has killed nothing', async () => {
    const { code, output } = await runHost('stop', [], undefined, { file: 'guarded-host.ts' });
    assert.equal(code, 0, output);
    assert.match(output, /guards after: 0/);
    const [guard, free] = [pidOf('guard', output), pidOf('free', output)];
    assert.equal(isAlive(guard), false);
    assert.equal(isAlive(free), true);
    process.kill(free, 'SIGKILL');
    assert.doesNotMatch(output, /problem/);
  });

  test('has no shell for it: a signal without a listener ends the children all the same', async (t) => {
    let sent = false;
    const { output, signal } = await runHost(
      'unguarded',
      ['env', 'GUARD_SHELL=/nowhere/sh'],
      (pid, text) => {
        if (sent || !text.includes('ready')) return;
        sent = true;
        process.kill(pid, 'SIGTERM');
      },
      { file: 'guarded-host.ts' },
    );
    const at = performance.now();
    assert.equal(signal, 'SIGTERM', output);
    assert.match(output, /problem guard-lost/);
    const { pids, runtime } = seen(output);
    await assertNothingLeft(t, pids, at);
    assert.equal(existsSync(runtime), false);
  });

  test('has nothing left to do: the guard does not keep it alive', async () => {
    const { code, output } = await runHost('drained', [], undefined, { file: 'guarded-host.ts' });
    assert.equal(code, 0, output);
    const guard = pidOf('guard', output);
    await until(() => !isAlive(guard), 'the end of the guard');
  });

  test('is process 1: no guard is started', { skip: noNamespace() }, async () => {
    const { code, output }: HostEnd = await runHost('process-1', asProcess1, undefined, {
      file: 'guarded-host.ts',
    });
    assert.equal(code, 0, output);
    assert.match(output, /host 1, guards 0/);
  });
});

function noNamespace(): string | false {
  if (whoRuns.root !== false) return whoRuns.root;
  try {
    execFileSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' });
    return false;
  } catch {
    return unlessInCI('no PID namespaces here');
  }
}

/** A spawner with a guard in the test's own process. */
async function guarded(
  t: TestContext,
  shell?: string,
): Promise<Rig & { guard: Guard; problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const guards: Guard[] = [];
  const made = await rig(t, {
    guard(runtimeDirectory) {
      const onProblem = (problem: Problem): void => void problems.push(problem);
      guards.push(
        new Guard({ runtimeDirectory, onProblem, ...(shell !== undefined && { shell }) }),
      );
      return guards[0] as Guard;
    },
  });
  return { ...made, guard: guards[0] as Guard, problems };
}

const sleep = 'exec sleep 600';

/** The target of a link; the empty string when it is gone. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}

/** The only guard that this process has. */
async function theGuard(): Promise<number> {
  await until(() => guardsOf(process.pid).length === 1, 'the guard');
  const [pid] = guardsOf(process.pid);
  assert.ok(pid !== undefined);
  return pid;
}

test('no guard is started before the first child', async (t) => {
  const { sh, guard } = await guarded(t);
  guard.enable();
  assert.deepEqual(guardsOf(process.pid), []);
  const life = sh('exit');
  assert.deepEqual(guardsOf(process.pid).length, 1, 'the guard is started before the child');
  await life.over;
});

test('no guard is started before it is enabled', async (t) => {
  const { sh, guard } = await guarded(t);
  await sh('exit').over;
  assert.deepEqual(guardsOf(process.pid), []);
  guard.enable();
  await theGuard();
});

test('the guard has a session of its own, no descriptor and no marker of the host, and no child', async (t) => {
  const { sh, guard, runtime } = await guarded(t);
  guard.enable();
  const pipe = { name: 'web', stdout: { pipe: 'web' } } as const;
  const life = sh(sleep, pipe);
  await life.tells('spawned');
  const pid = await theGuard();
  const descriptors = (): readonly string[] =>
    ['0', '1', '2'].map((fd) => targetOf(`/proc/${pid}/fd/${fd}`).replace(/\d+/, 'N'));
  // The guard reads its input once it has arranged its descriptors.
  await until(() => descriptors()[0] === 'socket:[N]' && isAtRest(pid), 'its input');
  assert.deepEqual(descriptors(), ['socket:[N]', '/dev/null', '/dev/null']);
  const own = new Set(readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) > 2));
  const inherited = execFileSync('sh', ['-c', 'ls /proc/$$/fd; :'], { encoding: 'utf8' });
  for (const fd of inherited.split('\n')) own.delete(fd);
  assert.deepEqual([...own], []);
  const stat = read(`/proc/${pid}/stat`).split(' ');
  assert.deepEqual([stat[4], stat[5]], [String(pid), String(pid)]);
  assert.equal(readlinkSync(`/proc/${pid}/cwd`), '/');
  assert.doesNotMatch(read(`/proc/${pid}/environ`), new RegExp(`=${runtime.path}`));
  assert.equal(read(`/proc/${pid}/task/${pid}/children`), '');
});

test('the guard gets a line for each group, and one for its end', async (t) => {
  const folder = await testFolder(t);
  const received = join(folder, 'received');
  const shell = plant(join(folder, 'shell'), `#!/bin/sh\nexec cat <&3 > ${received}\n`);
  const { sh, guard, spawner, problems } = await guarded(t, shell);
  guard.enable();
  const one = sh('exit');
  await one.over;
  const left = sh('sleep 600 & exit');
  await left.over;
  await left.swept(1000);
  await spawner.close();
  assert.deepEqual(readFileSync(received, 'utf8').split('\n'), [
    `group ${one.pid}`,
    `gone ${one.pid}`,
    `group ${left.pid}`,
    `leaderless ${left.pid}`,
    `gone ${left.pid}`,
    'bye',
    '',
  ]);
  assert.deepEqual(problems, []);
});

test('the guard ignores TERM, INT, HUP and QUIT', async (t) => {
  const { sh, guard } = await guarded(t);
  guard.enable();
  const life = sh(sleep);
  await life.tells('spawned');
  const pid = await theGuard();
  await until(() => /^SigIgn:\t0*4007$/m.test(read(`/proc/${pid}/status`)), 'its traps');
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)
    process.kill(pid, signal);
  life.kill('SIGKILL');
  await life.over;
  assert.deepEqual(guardsOf(process.pid), [pid]);
});

test('without a shell there is one problem, and children still run', async (t) => {
  const { sh, guard, problems } = await guarded(t, '/nowhere/sh');
  guard.enable();
  for (let round = 0; round < 3; round += 1) {
    assert.deepEqual(await sh('exit 7').over, { code: 7, signal: null });
  }
  const [problem, ...others] = problems;
  assert.deepEqual(others, []);
  assert.equal(problem?.code, 'guard-lost');
  assert.equal(problem.path, '/nowhere/sh');
  assert.match(problem.message, /cannot be started: .*ENOENT; no other guard is started/);
});

test('a lost guard is replaced after growing delays, at most five times', async (t) => {
  const { sh, guard, problems } = await guarded(t, '/bin/false');
  await sh('exit').over;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  guard.enable();
  for (const [index, delay] of [0, 1000, 2000, 4000, 8000].entries()) {
    await until(() => problems.length > index, `problem ${index}`);
    t.mock.timers.tick(delay);
  }
  await until(() => problems.length === 6, 'the last problem');
  t.mock.timers.reset();
  assert.deepEqual(
    problems.map(
      ({ message }) => /another guard replaces it [^,.]*|no other guard/.exec(message)?.[0],
    ),
    [
      'another guard replaces it at once',
      ...[1, 2, 4, 8].map((delay) => `another guard replaces it in ${delay} s`),
      'no other guard',
    ],
  );
  assert.deepEqual(await sh('exit 7').over, { code: 7, signal: null });
});

test('a stopped guard does not block the close of the spawner', async (t) => {
  const { sh, guard, spawner } = await guarded(t);
  guard.enable();
  await sh('exit').over;
  const pid = await theGuard();
  process.kill(pid, 'SIGSTOP');
  await spawner.close();
  assert.equal(isAlive(pid), false);
});

test('a guard that is killed while it is written to causes no error', async (t) => {
  const { sh, guard, problems } = await guarded(t);
  guard.enable();
  await sh('exit').over;
  const pid = await theGuard();
  process.kill(pid, 'SIGKILL');
  const lives = Array.from({ length: 5 }, () => sh('exit'));
  await Promise.all(lives.map((life) => life.over));
  await until(() => problems.length === 1, 'the problem');
  assert.match(problems[0]?.message ?? '', new RegExp(`process ${pid}, .*SIGKILL`));
});
