/*
 * A host that is killed by KILL leaves nothing of its tree. Under a host that is PID 1 the kernel kills every process; under
 * another PID 1 the guard does.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { guardsOf, isAlive, until } from '../processes.ts';
import type { Container, ContainerOptions } from './rig.ts';
import { container, inContainers, noNobody, phase, service, sh, stay } from './rig.ts';

/** A PID 1 that lives on after the host's end, so that the kernel kills nothing. */
const stayingInit = ['sh', '-c', '"$@" & wait $!; echo "host: $?"; exec sleep 600', 'sh'];

/** Services that end on TERM, and others that ignore it or have left the session. */
const tree = {
  'services.d/web/run': sh('sleep 600 & echo web runs', stay),
  'services.d/web/log/run': sh('exec cat'),
  'services.d/deaf/run': sh('trap "" TERM HUP INT', 'echo deaf runs >&2', stay),
  'services.d/daemon/run': sh(
    `setsid sh -c 'trap "" TERM HUP; echo daemon runs; ${stay}' &`,
    'echo its parent runs',
    stay,
  ),
};

async function untilAllUp(box: Container): Promise<void> {
  for (const line of ['web runs', 'deaf runs', 'daemon runs', 'its parent runs']) {
    await box.until(line);
  }
  await box.until(phase('running'));
}

/** The processes in the container besides PID 1 and the host, by their pids outside. */
function othersIn(box: Container): readonly number[] {
  const { pid, host } = box;
  return box
    .processes()
    .map(({ outside }) => outside)
    .filter((outside) => outside !== pid && outside !== host);
}

/** Kills the host, waits until none of these processes lives, and returns the milliseconds that this took. */
async function killHost(box: Container, others: readonly number[]): Promise<number> {
  const begin = performance.now();
  process.kill(box.host, 'SIGKILL');
  await until(() => !others.some(isAlive), 'the end of all processes', 20_000);
  return performance.now() - begin;
}

inContainers('KILL to a host that is PID 1', {
  'no process of the tree is left': async () => {
    await using box = await container({ tree });
    await untilAllUp(box);
    assert.deepEqual(guardsOf(box.host), [], 'process 1 needs no guard');
    const others = othersIn(box);
    assert.equal(others.length, 6);
    await killHost(box, others);
    const end = await box.ended;
    assert.deepEqual([end.code, end.signal, end.verdict], [null, 'SIGKILL', undefined]);
    assert.deepEqual(box.processes(), []);
  },
});

/** Kills the host of a tree below another PID 1 when everything is up; then only PID 1 may be left. */
async function killedBelow(
  t: TestContext,
  given: Partial<ContainerOptions>,
  check: (box: Container) => Promise<void> | void,
): Promise<void> {
  await using box = await container({ tree, init: stayingInit, ...given });
  await untilAllUp(box);
  const others = othersIn(box);
  assert.equal(guardsOf(box.host).length, 1);
  assert.equal(others.length, 7, 'the guard and the processes of the tree');
  const took = await killHost(box, others);
  t.diagnostic(`all processes were dead after ${took.toFixed()} ms`);
  await box.until('host: 137');
  const alive = box.processes().filter(({ state }) => state !== 'Z');
  assert.deepEqual(
    alive.map(({ pid }) => pid),
    [1],
  );
  await check(box);
}

inContainers('KILL to a host that another PID 1 has started', {
  'the guard kills process groups, processes that ignore TERM and daemons, and removes the runtime directory':
    async (t) => {
      await killedBelow(t, {}, (box) => {
        assert.deepEqual(box.files, []);
      });
    },

  'the guard does the same under the account nobody': {
    skip: noNobody,
    test: async (t) => {
      await killedBelow(t, { user: 'nobody' }, (box) => {
        assert.deepEqual(box.files, []);
      });
    },
  },

  'the guard does not remove a runtime directory that the host has named': async (t) => {
    await killedBelow(t, { options: { runtimeDirectory: 'work/run' } }, (box) => {
      assert.equal(existsSync(join(box.root, '..', 'work', 'run')), true);
    });
  },

  'the guard kills an init script of a host that is killed during the init stage': async (t) => {
    await using box = await container({
      tree: { 'cont-init.d/10': sh('trap "" TERM', 'sleep 600 & echo init runs', stay) },
      init: stayingInit,
    });
    await box.until('init runs');
    const others = othersIn(box);
    assert.equal(others.length, 3);
    const took = await killHost(box, others);
    t.diagnostic(`all processes were dead after ${took.toFixed()} ms`);
    assert.deepEqual(box.files, []);
  },

  'the guard kills a service of a host that is killed during a stop, and its finish does not run':
    async (t) => {
      await using box = await container({
        tree: {
          'services.d/web/run': sh('trap "" TERM', 'echo web runs', stay),
          'services.d/web/finish': sh('echo never'),
        },
        env: { S6_SERVICES_GRACETIME: '60000' },
        init: stayingInit,
      });
      await box.until('web runs');
      process.kill(box.host, 'SIGTERM');
      await box.until(phase('stopping'));
      const took = await killHost(box, othersIn(box));
      t.diagnostic(`all processes were dead after ${took.toFixed()} ms`);
      await box.until('host: 137');
      assert.deepEqual([box.files, box.lines.includes('never')], [[], false]);
    },

  'the guard does not kill a process that PID 1 has started': async () => {
    const init = ['sh', '-c', 'sleep 600 & "$@" & wait $!; echo "host: $?"; exec sleep 600', 'sh'];
    await using box = await container({ tree, init });
    await untilAllUp(box);
    const stranger = box.processes().find(({ name, pid }) => name === 'sleep' && pid < 4);
    const others = othersIn(box).filter((pid) => pid !== stranger?.outside);
    await killHost(box, others);
    assert.equal(
      isAlive(stranger?.outside ?? 0),
      true,
      'a process that the host has not started lives on',
    );
  },
});

inContainers('an orderly end of a host that another PID 1 has started', {
  'a host that stops in order leaves no guard': async () => {
    await using box = await container({ tree, init: stayingInit });
    await untilAllUp(box);
    const [guard = 0] = guardsOf(box.host);
    assert.equal(isAlive(guard), true);
    process.kill(box.host, 'SIGTERM');
    await box.until('host: 143');
    const alive = box.processes().filter(({ state }) => state !== 'Z');
    assert.deepEqual([alive.map(({ pid }) => pid), isAlive(guard)], [[1], false]);
    assert.deepEqual(box.files, []);
  },
});

/** A service that appends its pid to a file at each start. */
const numbered = sh('echo "$$" >>"$WORK/pids"', 'trap "" TERM', 'echo numbered runs', stay);

inContainers('a supervisor that starts after one that was killed', {
  // Under s6 the new supervisor starts a second instance beside the orphan of the first.
  'the orphans of the killed supervisor are dead, so that no service runs twice (case 47)':
    async () => {
      const again = 'while :; do "$@"; echo "host: $?"; done';
      await using box = await container({
        tree: { 'services.d/numbered/run': numbered },
        init: ['sh', '-c', again, 'sh'],
      });
      await box.until('numbered runs');
      await box.until(service('numbered', 'up'));
      const [first = 0] = runsOf(box);
      process.kill(box.host, 'SIGKILL');
      await box.until('host: 137');
      await box.until('numbered runs', 2);
      await until(() => !isAlive(first), 'the end of the orphan');
      await box.until(service('numbered', 'up'), 2);
      assert.equal(runsOf(box).length, 1);
      assert.notEqual(runsOf(box)[0], first);
    },
});

/** The living shells that run the service, by their pids outside. */
function runsOf(box: Container): readonly number[] {
  const noted = new Set(box.read('pids').split('\n').map(Number));
  return box
    .processes()
    .filter(({ pid, state }) => noted.has(pid) && state !== 'Z')
    .map(({ outside }) => outside);
}
