/*
 * Orphans. PID 1 becomes the parent of every orphan of its PID namespace, and each stays a zombie until PID 1 waits for it,
 * which Node never does by itself. The supervisor must not wait for the host's children: the code that spawned them reads their
 * exit codes.
 */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { LifecycleEvent } from '../../lib/index.ts';
import { until } from '../processes.ts';
import type { Container } from './rig.ts';
import { container, inContainers, phase, service, sh, stay } from './rig.ts';

/** A loop of shell. */
const times = (count: number, what: string): string =>
  `i=0; while [ $i -lt ${String(count)} ]; do i=$((i + 1)); ${what}; done`;

/** A tree that makes 500 orphans: 150 in double forks, 150 daemons, and four times 50 children of a shell that dies. */
const orphaning = {
  'cont-init.d/10': sh(times(50, '(sleep 0.2 &)')),
  'services.d/forking/run': sh(times(100, '(sleep 0.3 &)'), 'echo forked', stay),
  'services.d/daemons/run': sh(times(150, '(setsid sleep 0.3 &)'), 'echo daemons', stay),
  'services.d/dying/run': sh(times(50, '{ sleep 0.2 & }'), 'echo dies', 'exit 3'),
  'services.d/dying/finish': sh(
    'echo >>"$WORK/deaths"',
    '[ "$(wc -l <"$WORK/deaths")" -lt 4 ] || exit 125',
  ),
};

const allOrphaned = async (box: Container): Promise<void> => {
  await box.until('forked');
  await box.until('daemons');
  await box.until('dies', 4);
  await box.until(service('dying', 'failed'));
};

/** The lines that the host prints for so many children: one for each fifty that ended as expected. */
const linesFor = (count: number): readonly string[] =>
  Array.from(
    { length: count / 50 },
    (_, i) => `${String(50 * (i + 1))} children ended as expected`,
  );

/** The folder of the package koffi. */
const koffi = fileURLToPath(new URL('../../node_modules/koffi', import.meta.url));

const initScript = fileURLToPath(new URL('../../examples/container-init/init.sh', import.meta.url));

/** Waits until the container holds no zombie. */
function untilReaped(box: Container): Promise<void> {
  return until(() => box.processes().every(({ state }) => state !== 'Z'), 'the end of all zombies');
}

const isZombieProblem = (event: LifecycleEvent): boolean =>
  event.type === 'problem' && event.problem.code === 'zombies';

inContainers('orphans of PID 1', {
  '500 orphans are reaped, and 500 children of the host keep their exit codes': async () => {
    await using box = await container({
      tree: orphaning,
      host: new URL('parent.ts', import.meta.url),
      more: 500,
    });
    for (const line of linesFor(500)) await box.until(line);
    await allOrphaned(box);
    await untilReaped(box);
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual([end.code, end.left, end.files], [143, [], []]);
    assert.equal(end.events.some(isZombieProblem), false);
  },

  'without koffi orphans stay zombies, and one problem reports it': async () => {
    await using box = await container({
      tree: { 'services.d/forking/run': sh(times(20, '(sleep 0.2 &)'), 'echo forked', stay) },
      without: [koffi],
    });
    await box.until(isZombieProblem);
    await box.until('forked');
    box.kill('SIGTERM');
    const end = await box.ended;
    const [first, ...more] = end.events.filter(isZombieProblem);
    assert.ok(first?.type === 'problem');
    assert.deepEqual([first.problem.path, more], ['/proc/1', []]);
    assert.match(first.problem.message, /Cannot find module 'koffi'/);
    assert.match(first.problem.remedy ?? '', /npm install koffi.*init\.sh/);
    const states = new Set(end.left?.map(({ state }) => state));
    assert.deepEqual([end.code, [...states]], [143, ['Z']]);
  },
});

inContainers('orphans of init.sh as PID 1, which starts the host', {
  'init.sh reaps 500 orphans, and passes on TERM and the exit code': async () => {
    await using box = await container({ tree: orphaning, init: [initScript], without: [koffi] });
    await allOrphaned(box);
    await untilReaped(box);
    box.kill('SIGTERM');
    const end = await box.ended;
    const verdict = { exitCode: 143, reason: 'signal', signal: 'SIGTERM', killed: [] };
    assert.deepEqual([end.code, end.verdict], [143, verdict]);
    assert.deepEqual([end.left, end.files], [[], []]);
    assert.equal(end.events.some(isZombieProblem), false);
  },

  'init.sh passes on INT, QUIT and HUP': async () => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGQUIT', 131],
    ] as const) {
      await using box = await container({
        tree: { 'services.d/web/run': sh('echo web runs', stay) },
        init: [initScript],
      });
      await box.until('web runs');
      await box.write({ 'services.d/new/run': sh('echo new runs', stay) });
      box.kill('SIGHUP');
      await box.until('new runs');
      box.kill(signal);
      const end = await box.ended;
      assert.deepEqual([end.code, end.verdict?.signal, end.left], [code, signal, []]);
    }
  },

  'init.sh exits with the exit code of the command': async () => {
    for (const [words, code] of [
      ['exit 7', 7],
      ['kill -KILL $$', 137],
    ] as const) {
      await using box = await container({
        tree: { 'services.d/web/run': sh(stay) },
        init: [initScript],
        command: ['sh', '-c', words],
      });
      const end = await box.ended;
      assert.deepEqual([end.code, end.verdict?.reason, end.left], [code, 'command', []]);
    }
  },
});

inContainers('children of a host that is PID 1', {
  'children of the host keep their exit codes while the supervisor starts and stops': async () => {
    await using box = await container({
      tree: { 'services.d/web/run': sh('(sleep 0.1 &)', stay) },
      host: new URL('parent.ts', import.meta.url),
      more: 50,
    });
    await box.until(phase('running'));
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual(end.stdout, linesFor(50));
    assert.deepEqual([end.code, end.left], [143, []]);
  },
});
