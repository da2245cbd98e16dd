/*
 * Real processes that avoid being stopped: their children, ignored signals, their own sessions. After `stop()` none is left.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Supervisor } from '../lib/index.ts';
import type { LifecycleEvent, SupervisorOptions, TreeInput } from '../lib/index.ts';
import { childrenOf, isAlive, openDescriptors, openedSince, read, until } from './processes.ts';

interface Stage {
  readonly supervisor: Supervisor;
  readonly folder: string;
  readonly problems: string[];
  /** The pid that a script wrote into a file of the folder. */
  pidIn(file: string): Promise<number>;
}

async function set(
  t: TestContext,
  tree: (folder: string) => TreeInput,
  options: SupervisorOptions = {},
): Promise<Stage> {
  const descriptors = openDescriptors();
  const children = childrenOf(process.pid);
  const folder = await mkdtemp(join(tmpdir(), 'stagekeeper-stubborn-'));
  const supervisor = new Supervisor(tree(folder), { output: 'ignore', ...options });
  const problems: string[] = [];
  supervisor.on('problem', ({ problem }) => problems.push(problem.code));
  t.after(async () => {
    await supervisor.stop();
    await rm(folder, { recursive: true });
    assert.deepEqual(childrenOf(process.pid), children, 'no child is left');
    assert.deepEqual(openedSince(descriptors), [], 'no descriptor is left');
    assert.equal(existsSync(supervisor.environment.directory), false, 'no file is left');
  });
  return {
    supervisor,
    folder,
    problems,
    async pidIn(file) {
      const path = join(folder, file);
      await until(() => /^\d+\n$/.test(read(path)), `a pid in ${file}`);
      return Number(read(path));
    },
  };
}

const sh = (script: string): readonly string[] => ['sh', '-c', script];

test('a service that ignores TERM is killed after its kill timeout', async (t) => {
  const { supervisor, pidIn, problems } = await set(
    t,
    (folder) => ({
      services: [
        {
          name: 'deaf',
          run: sh(`trap '' TERM; echo $$ > ${folder}/pid; while :; do sleep 1; done`),
        },
      ],
    }),
    { timeouts: { services: 300 } },
  );
  await supervisor.start();
  const pid = await pidIn('pid');
  const verdict = await supervisor.stop();
  assert.deepEqual(verdict.killed, ['deaf']);
  assert.equal(isAlive(pid), false);
  assert.deepEqual(problems, ['killed']);
});

test('children that ignore TERM are ended when their service stops', async (t) => {
  const { supervisor, pidIn } = await set(
    t,
    (folder) => ({
      services: [
        {
          name: 'parent',
          run: sh(
            `(trap '' TERM; echo "$(exec sh -c 'echo $PPID')" > ${folder}/child; while :; do sleep 1; done) & wait`,
          ),
        },
      ],
    }),
    { timeouts: { kill: 200 } },
  );
  await supervisor.start();
  const child = await pidIn('child');
  await supervisor.service('parent').stop();
  assert.equal(isAlive(child), false, 'ended when the service has stopped');
});

test('children that handle TERM get it before KILL', async (t) => {
  const { supervisor, folder, pidIn } = await set(t, (folder) => ({
    services: [
      {
        name: 'parent',
        run: sh(
          `sh -c 'trap "echo bye > ${folder}/bye; exit" TERM; echo $$ > ${folder}/child; while :; do sleep 0.05; done' & wait`,
        ),
      },
    ],
  }));
  await supervisor.start();
  const child = await pidIn('child');
  await supervisor.stop();
  assert.equal(isAlive(child), false);
  assert.equal(read(join(folder, 'bye')), 'bye\n');
});

test('a service that daemonizes is reported, and its daemon ends with the supervisor', async (t) => {
  const { supervisor, pidIn } = await set(t, (folder) => ({
    services: [
      {
        name: 'daemon',
        run: sh(
          `test -e ${folder}/pid || setsid sh -c 'echo $$ > ${folder}/pid; exec sleep 600' & sleep 0.2`,
        ),
      },
    ],
  }));
  await supervisor.start();
  const pid = await pidIn('pid');
  await supervisor.service('daemon').when('backoff');
  assert.equal(isAlive(pid), true);
  await supervisor.stop();
  assert.equal(isAlive(pid), false);
});

test('a service whose children survive its restart is reported', async (t) => {
  const { supervisor, pidIn, problems } = await set(t, (folder) => ({
    services: [{ name: 'careless', run: sh(`sleep 600 & echo $! > ${folder}/pid`) }],
  }));
  await supervisor.start();
  const pid = await pidIn('pid');
  await supervisor.service('careless').when('backoff');
  assert.deepEqual(problems, []);
  await supervisor
    .service('careless')
    .restart()
    .catch(() => undefined);
  assert.deepEqual(problems.slice(0, 1), ['left-behind']);
  await supervisor.stop();
  assert.equal(isAlive(pid), false);
});

test('a logger that never reads is killed after its timeout, and does not delay its producer', async (t) => {
  const { supervisor } = await set(
    t,
    () => ({
      services: [
        {
          name: 'talker',
          run: sh('while :; do echo talk; done'),
          logger: { run: sh('exec sleep 600') },
        },
      ],
    }),
    { timeouts: { services: 1000 } },
  );
  await supervisor.start();
  const events: LifecycleEvent[] = [];
  supervisor.on('event', (event) => events.push(event));
  const verdict = await supervisor.stop();
  assert.deepEqual(verdict.killed, ['talker/log']);
  const order = events.flatMap((event) =>
    event.type === 'service' && event.to === 'down' ? [event.service] : [],
  );
  assert.deepEqual(order, ['talker', 'talker/log']);
});

test('output that a producer wrote while its logger was down reaches the logger', async (t) => {
  const { supervisor, folder } = await set(t, (folder) => ({
    services: [
      {
        name: 'talker',
        run: sh(
          `i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); echo "line $i"; done; : > ${folder}/done; exec sleep 600`,
        ),
        logger: { run: sh(`exec cat >> ${folder}/lines`), down: true },
      },
    ],
  }));
  await supervisor.start();
  await until(() => existsSync(join(folder, 'done')), 'the last line');
  await supervisor.service('talker/log').start();
  await supervisor.stop();
  const lines = read(join(folder, 'lines')).trim().split('\n');
  assert.deepEqual(
    lines,
    Array.from({ length: 2000 }, (_, index) => `line ${index + 1}`),
  );
});
