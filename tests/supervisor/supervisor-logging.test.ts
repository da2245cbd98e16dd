/*
 * The catch-all log with real processes: what is logged, under which account, and what is left at the end.
 */
import assert from 'node:assert/strict';
import { chmodSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { read, until } from '../processes.ts';
import { plant, testFolder } from '../host/folder.ts';
import { waitFor } from '../host/rig.ts';
import type { LifecycleEvent, SupervisorOptions } from '../../lib/index.ts';
import { Supervisor } from '../../lib/index.ts';
import { writeTree } from '../../lib/testing/index.ts';
import type { TreeFiles } from '../../lib/testing/index.ts';

const log = 's6-svscan-log';

/** A logger that is always available, whatever `logutil-service` a machine has. */
const logger = '#!/bin/sh\nexec cat >> "$1/current"\n';

function sh(...lines: readonly string[]): string {
  return ['#!/bin/sh', ...lines, ''].join('\n');
}

interface Caught {
  readonly supervisor: Supervisor;
  readonly events: readonly LifecycleEvent[];
  readonly folder: string;
  /** The lines of the log, without their times. */
  lines(): readonly string[];
}

async function plantTree(
  t: TestContext,
  files: TreeFiles,
  options: SupervisorOptions = {},
): Promise<Caught> {
  const folder = await testFolder(t);
  chmodSync(folder, 0o755); // logutil-service may run as the account nobody
  plant(join(folder, 'bin', 'logutil-service'), logger);
  const loggingDirectory = join(folder, 'log');
  await writeTree(join(folder, 'tree'), files);
  const variables = {
    ...process.env,
    PATH: `${join(folder, 'bin')}:${String(process.env['PATH'])}`,
    S6_LOGGING: '1',
  };
  const { tree } = await Supervisor.load(join(folder, 'tree'));
  const supervisor = new Supervisor(tree, { loggingDirectory, ...options }, { variables });
  t.after(() => supervisor.stop());
  const events: LifecycleEvent[] = [];
  supervisor.on('event', (event) => events.push(event));
  supervisor.on('problem', () => undefined);
  const stamp = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ {2}/;
  const lines = (): readonly string[] =>
    read(join(loggingDirectory, 'current'))
      .split('\n')
      .slice(0, -1)
      .map((line) => line.replace(stamp, ''));
  return { supervisor, events, folder, lines };
}

test('all output without a logger goes to the catch-all log, from the first line to the last', async (t) => {
  const { supervisor, lines, events } = await plantTree(t, {
    'cont-init.d/10': sh('echo init', 'echo init stderr >&2'),
    'services.d/plain/run': sh('echo plain', 'exec sleep 600'),
    'services.d/plain/finish': sh('echo plain finish'),
    'services.d/web/run': sh('echo unseen', 'echo web stderr >&2', 'exec sleep 600'),
    'services.d/web/log/run': sh('echo log >&2', 'exec cat > /dev/null'),
    'cont-finish.d/10': sh('echo finish'),
  });
  await supervisor.start();
  await until(() => lines().length === 5, 'the output of the services');
  await supervisor.stop();
  const [first, second, ...rest] = lines();
  assert.deepEqual([first, second], ['init', 'init stderr']);
  assert.deepEqual(rest.slice(0, 3).toSorted(), ['log', 'plain', 'web stderr']);
  assert.deepEqual(rest.slice(3), ['plain finish', 'finish']);
  const ofLog = events.flatMap((event) =>
    event.type === 'service' && event.service === log ? [event.to] : [],
  );
  assert.deepEqual(ofLog, ['starting', 'up', 'stopping', 'down']);
  const { to } = events.at(-1) as { to?: string };
  assert.equal(to, 'ended');
});

test('a logger that is killed loses no line', async (t) => {
  const { supervisor, lines } = await plantTree(t, {
    'services.d/web/run': sh(
      'i=0',
      'while [ $i -lt 500 ]; do echo $((i += 1)); done',
      'exec sleep 600',
    ),
  });
  await supervisor.stages.init.run();
  const service = supervisor.service(log);
  const again = until(() => service.deaths === 1 && service.status === 'up', 'the next logger');
  service.signal('SIGSTOP');
  await supervisor.start();
  service.signal('SIGKILL');
  await again;
  await supervisor.stop();
  assert.deepEqual(
    lines(),
    Array.from({ length: 500 }, (_, index) => String(index + 1)),
  );
});

test('a leftover of a script that holds its output open does not delay the end of the log', async (t) => {
  const { supervisor, lines } = await plantTree(t, {
    'cont-init.d/10': sh(
      // Forked before the trap: a child of a shell with a trap may lose TERM until it executes another program.
      '(sleep 600 & trap "echo bye; exit" TERM; : > ../ready; wait) &',
      waitFor('../ready'),
    ),
    'services.d/web/run': sh('exec sleep 600'),
  });
  await supervisor.start();
  const { killed } = await supervisor.stop();
  assert.deepEqual([killed, lines()], [[], ['bye']]);
});

test('the tree starts without the catch-all logger when it cannot be run', async (t) => {
  const { supervisor, events, folder } = await plantTree(
    t,
    { 'cont-init.d/10': sh('stdout=$(readlink /proc/$$/fd/1)', 'echo "$stdout" > ../stdout') },
    { services: { [log]: { user: 'no-such-account' } } },
  );
  await supervisor.start();
  await supervisor.stop();
  const problems = events.flatMap((event) => (event.type === 'problem' ? [event.problem] : []));
  assert.deepEqual(
    problems.map(({ code, path }) => `${code} ${path}`),
    [`unspawnable ${log}`, `unspawnable ${log}`],
    'at the start, and again to read the rest',
  );
  const stdout = read(join(folder, 'tree', 'stdout')).trim();
  const own = readlinkSync('/proc/self/fd/1');
  // A pipe relays the output where the host's own stdout is a socket or a file.
  assert.ok(stdout === own || (!own.startsWith('pipe:') && stdout.startsWith('pipe:')), stdout);
  assert.match(problems[0]?.remedy ?? '', /has the host’s output/);
});

test('the container environment has the directives of the log', async (t) => {
  const tree = { 'cont-init.d/10': sh() };
  const { supervisor } = await plantTree(t, tree, { loggingScript: 'n2 s5000 T' });
  assert.equal(supervisor.environment.get('S6_LOGGING_SCRIPT'), 'n2 s5000 T');
});

test('only a service with the name of the catch-all logger is a problem, and only where there is one', async (t) => {
  const loggingDirectory = join(await testFolder(t), 'log');
  const problemsOf = async (name: string, logging: 0 | 1): Promise<readonly string[]> => {
    const services = [{ name, run: ['sleep', '600'] }];
    const supervisor = new Supervisor({ services }, { logging, loggingDirectory });
    const codes = supervisor.problems.map(({ code }) => code);
    await supervisor.stop();
    return codes;
  };
  assert.deepEqual(await problemsOf('web', 1), []);
  assert.deepEqual(await problemsOf(log, 0), []);
  assert.deepEqual(await problemsOf(log, 1), ['name-taken']);
});
