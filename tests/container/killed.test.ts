/*
 * The host is killed by KILL, and nothing of its tree may be left. For PID 1 the kernel sees to that; below another PID 1 the
 * guard does.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { guardsOf, isAlive, until } from '../processes.ts';
import type { Container, ContainerOptions } from './rig.ts';
import { container, inContainers, noNobody, phase, service, sh, stay } from './rig.ts';

/** A PID 1 that stays when the host has ended, so that the kernel does nothing. */
const stayingInit = ['sh', '-c', '"$@" & wait $!; echo "host: $?"; exec sleep 600', 'sh'];

/** Services that are easy to end, and others that are not. */
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

async function allUp(box: Container): Promise<void> {
  for (const line of ['web runs', 'deaf runs', 'daemon runs', 'its parent runs']) {
    await box.until(line);
  }
  await box.until(phase('running'));
}

/** Who is inside beside PID 1 and the host, by their pids out here. */
function peopleOf(box: Container): readonly number[] {
  const { pid, host } = box;
  return box
    .processes()
    .map(({ outside }) => outside)
    .filter((outside) => outside !== pid && outside !== host);
}

/** Kills the host, waits until none of these is alive any more, and says how long that took. */
async function killHost(box: Container, people: readonly number[]): Promise<number> {
  const begin = performance.now();
  process.kill(box.host, 'SIGKILL');
  await until(() => !people.some(isAlive), 'the end of everybody', 20_000);
  return performance.now() - begin;
}

inContainers('KILL to a host that is PID 1', {
  'nothing of the tree is left': async () => {
    await using box = await container({ tree });
    await allUp(box);
    assert.deepEqual(guardsOf(box.host), [], 'it needs no guard');
    const people = peopleOf(box);
    assert.equal(people.length, 6);
    await killHost(box, people);
    const end = await box.ended;
    assert.deepEqual([end.code, end.signal, end.verdict], [null, 'SIGKILL', undefined]);
    assert.deepEqual(box.processes(), []);
  },
});

/** Milliseconds in which the guard has to have ended everybody: it is a second, on a machine that has nothing else to do. */
const soon = 5000;

/** Kills the host of a tree below another PID 1, as soon as all is up; then nobody may be left but PID 1. */
async function killedBelow(
  t: TestContext,
  given: Partial<ContainerOptions>,
  check: (box: Container) => Promise<void> | void,
): Promise<void> {
  await using box = await container({ tree, init: stayingInit, ...given });
  await allUp(box);
  const people = peopleOf(box);
  assert.equal(guardsOf(box.host).length, 1);
  assert.equal(people.length, 7, 'the guard, and all of the tree');
  const took = await killHost(box, people);
  t.diagnostic(`everybody was gone after ${took.toFixed()} ms`);
  assert.ok(took < soon, `everybody was gone after ${took.toFixed()} ms`);
  await box.until('host: 137');
  const alive = box.processes().filter(({ state }) => state !== 'Z');
  assert.deepEqual(
    alive.map(({ pid }) => pid),
    [1],
  );
  await check(box);
}

inContainers('KILL to a host that another PID 1 has started', {
  'the guard ends all: groups, who ignores TERM, who has left the session; and the runtime directory':
    async (t) => {
      await killedBelow(t, {}, (box) => {
        assert.deepEqual(box.files, []);
      });
    },

  'as nobody, too': {
    skip: noNobody,
    test: async (t) => {
      await killedBelow(t, { user: 'nobody' }, (box) => {
        assert.deepEqual(box.files, []);
      });
    },
  },

  'a runtime directory that the host has named stays': async (t) => {
    await killedBelow(t, { options: { runtimeDirectory: 'work/run' } }, (box) => {
      assert.equal(existsSync(join(box.root, '..', 'work', 'run')), true);
    });
  },

  'while an init script runs': async (t) => {
    await using box = await container({
      tree: { 'cont-init.d/10': sh('trap "" TERM', 'sleep 600 & echo init runs', stay) },
      init: stayingInit,
    });
    await box.until('init runs');
    const people = peopleOf(box);
    assert.equal(people.length, 3);
    const took = await killHost(box, people);
    t.diagnostic(`everybody was gone after ${took.toFixed()} ms`);
    assert.ok(took < soon);
    assert.deepEqual(box.files, []);
  },

  'while everything is being stopped': async (t) => {
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
    const took = await killHost(box, peopleOf(box));
    t.diagnostic(`everybody was gone after ${took.toFixed()} ms`);
    assert.ok(took < soon);
    await box.until('host: 137');
    assert.deepEqual([box.files, box.lines.includes('never')], [[], false]);
  },

  'a second one can live beside what PID 1 has started besides': async () => {
    const init = ['sh', '-c', 'sleep 600 & "$@" & wait $!; echo "host: $?"; exec sleep 600', 'sh'];
    await using box = await container({ tree, init });
    await allUp(box);
    const stranger = box.processes().find(({ name, pid }) => name === 'sleep' && pid < 4);
    const people = peopleOf(box).filter((pid) => pid !== stranger?.outside);
    await killHost(box, people);
    assert.equal(isAlive(stranger?.outside ?? 0), true, 'whom we have not started is left alone');
  },
});

inContainers('an orderly end of a host that another PID 1 has started', {
  'leaves no guard': async () => {
    await using box = await container({ tree, init: stayingInit });
    await allUp(box);
    const [guard = 0] = guardsOf(box.host);
    assert.equal(isAlive(guard), true);
    process.kill(box.host, 'SIGTERM');
    await box.until('host: 143');
    const alive = box.processes().filter(({ state }) => state !== 'Z');
    assert.deepEqual([alive.map(({ pid }) => pid), isAlive(guard)], [[1], false]);
    assert.deepEqual(box.files, []);
  },
});

/** A service that notes its pid at each start; two of them would write to the same file. */
const numbered = sh('echo "$$" >>"$WORK/pids"', 'trap "" TERM', 'echo numbered runs', stay);

inContainers('a supervisor that takes the place of one that was killed', {
  // Under s6 the new supervisor starts a second instance beside the orphan of the first.
  'the orphans are ended, so that no service lives twice (case 47, where s6 has two)': async () => {
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
    await until(() => !isAlive(first), 'the end of the orphan', soon);
    await box.until(service('numbered', 'up'), 2);
    assert.equal(runsOf(box).length, 1);
    assert.notEqual(runsOf(box)[0], first);
  },
});

/** The living shells that run the service, by their pids out here. */
function runsOf(box: Container): readonly number[] {
  const noted = new Set(box.read('pids').split('\n').map(Number));
  return box
    .processes()
    .filter(({ pid, state }) => noted.has(pid) && state !== 'Z')
    .map(({ outside }) => outside);
}
