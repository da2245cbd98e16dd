/*
 * The stages around the services, which s6 itself lacks, compared with s6-overlay.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { read } from '../processes.ts';
import { plant, testFolder } from '../host/folder.ts';
import type { Case } from './case.ts';
import { finish, run, sh, stop, until } from './case.ts';
import { conform } from './conform.ts';

const saying = (word: string): string => sh(`say ${word}`);

/** A script with the container environment. */
const withEnvironment = (...lines: readonly string[]): string =>
  sh(...lines).replace('/bin/sh', '/usr/bin/with-contenv sh');

/** A script that writes to the container environment. */
const leaving = (...lines: readonly string[]): string =>
  sh('cd "$STAGEKEEPER_RUNTIME/container_environment"', ...lines);

const web: Case['tree'] = { 'web/run': run, 'web/finish': finish };

conform('init and finish scripts', [
  {
    number: 1,
    title: 'init scripts run in byte order',
    tree: web,
    stages: Object.fromEntries(
      ['a', 'B', '10-a', 'é', '2-b', '_x'].map((name) => [`cont-init.d/${name}`, saying(name)]),
    ),
    steps: [until('run')],
    ours: ['10-a', '2-b', 'B', '_x', 'a', 'é', 'run', 'finish 256 15'],
    seen: 's6-overlay 2.2.0.3',
  },
  {
    number: 2,
    title: 'names that begin with a dot do not run, backup copies do',
    tree: web,
    stages: {
      'cont-init.d/.x': saying('.x'),
      'cont-init.d/foo~': saying('foo~'),
      'cont-init.d/foo.bak': saying('foo.bak'),
    },
    steps: [until('run')],
    ours: ['foo.bak', 'foo~', 'run', 'finish 256 15'],
    seen: 's6-overlay 2.2.0.3',
  },
  {
    number: 3,
    title: 'an init script of mode 0644 runs',
    tree: web,
    stages: { 'cont-init.d/10': { content: saying('10'), mode: 0o644 } },
    steps: [until('run')],
    ours: ['10', 'run', 'finish 256 15'],
    seen: 's6-overlay 1.21.2.2 and 2.2.0.3',
  },
  {
    number: 5,
    title: 'a dangling link and a folder among the init scripts: the others run',
    tree: web,
    stages: {
      'cont-init.d/10': { link: 'nowhere' },
      'cont-init.d/20/30': saying('30'),
      'cont-init.d/40': saying('40'),
    },
    steps: [until('run')],
    ours: ['40', 'run', 'finish 256 15'],
    seen: 's6-overlay 2.2.0.3',
  },
  {
    number: 6,
    title: 'an init script without an interpreter runs under sh',
    tree: web,
    stages: { 'cont-init.d/10': saying('10').replace('#!/bin/sh\n', '') },
    steps: [until('run')],
    ours: ['10', 'run', 'finish 256 15'],
    seen: 's6-overlay 3.1.6.2',
  },
  {
    number: 7,
    title: 'an init script fails: the others and the services run',
    tree: web,
    stages: { 'cont-init.d/10': sh('say 10', 'exit 42'), 'cont-init.d/20': saying('20') },
    steps: [until('run')],
    ours: ['10', '20', 'run', 'finish 256 15'],
    seen: 's6-overlay 1.21.2.2 and 2.2.0.3',
  },
  {
    number: 4,
    title: 'files in a folder among the init scripts do not run',
    tree: web,
    stages: { 'cont-init.d/10/20': saying('20'), 'cont-init.d/30': saying('30') },
    steps: [until('run')],
    ours: ['30', 'run', 'finish 256 15'],
    seen: 's6-overlay 2.2.0.3',
  },
  {
    number: 9,
    title: 'an init script fails under stop: no service starts, and the finish scripts run',
    tree: web,
    stages: {
      'cont-init.d/10': sh('say 10', 'exit 42'),
      'cont-init.d/20': saying('20'),
      'cont-finish.d/10': saying('bye'),
    },
    options: { onInitFailure: 'stop' },
    steps: [until('bye')],
    ours: ['10', 'bye'],
    seen: 's6-overlay 1.21.2.2 and 2.2.0.3',
  },
  {
    number: 10,
    title: 'an init script fails under warn: the other scripts and the services run',
    tree: web,
    stages: { 'cont-init.d/10': sh('say 10', 'exit 42'), 'cont-init.d/20': saying('20') },
    options: { onInitFailure: 'warn' },
    steps: [until('run')],
    ours: ['10', '20', 'run', 'finish 256 15'],
    seen: 's6-overlay 3.1.6.2',
  },
  {
    number: 11,
    title: 'fix-attrs.d names an unknown account: everything else runs',
    tree: web,
    stages: { 'fix-attrs.d/10': '/nowhere true no-such-account 0644 0755\n' },
    options: { onInitFailure: 'stop' },
    steps: [until('run')],
    ours: ['run', 'finish 256 15'],
    seen: 's6-overlay 1.21.2.2 and 2.2.0.3',
  },
  {
    number: 16,
    title: 'a profile replaces the whole tree, including what it lacks',
    tree: web,
    stages: {
      'cont-init.d/10': saying('base'),
      'cont-profile.d/p1/cont-init.d/20': saying('profile'),
      'cont-profile.d/p1/cont-finish.d/10': saying('bye'),
    },
    options: { profile: 'p1' },
    steps: [until('profile')],
    ours: ['profile', 'bye'],
    seen: 's6-overlay 2.2.0.3',
  },
  {
    number: 17,
    title: 'stop, while an init script runs: no service starts, the finish scripts run',
    tree: web,
    stages: { 'cont-init.d/10': sh('say 10', 'stay'), 'cont-finish.d/10': saying('bye') },
    steps: [until('10'), stop],
    ours: ['10', 'bye'],
    seen: 's6-overlay 1.21.2.2 and 2.2.0.3',
  },
  {
    number: 64,
    title: 'a finish script hangs: it is killed after its limit, and the next one runs',
    tree: web,
    stages: { 'cont-finish.d/10': sh('say 10', 'stay'), 'cont-finish.d/20': saying('20') },
    options: { timeouts: { finish: 1000 } },
    steps: [until('run')],
    ours: ['run', 'finish 256 15', '10', '20'],
    seen: 's6-overlay 1.21.2.2 and 2.2.0.3',
  },
  {
    number: 15,
    title: 'the stdin of an init script is empty',
    tree: web,
    stages: { 'cont-init.d/10': sh('read -r _ || say nothing to read') },
    steps: [until('run')],
    ours: ['nothing to read', 'run', 'finish 256 15'],
    seen: 's6-overlay 1.21.2.2',
  },
  {
    number: 65,
    title: 'finish scripts run after all services, their finish scripts and their loggers',
    tree: {
      'web/run': sh('say run', 'stay'),
      'web/finish': sh('sleep 0.5', 'say finish', 'echo last words'),
      'web/log/run': sh(
        'while read -r line; do say "log: $line"; done',
        'sleep 0.5',
        'say log: end',
      ),
    },
    stages: { 'cont-finish.d/10': saying('10'), 'cont-finish.d/20': saying('20') },
    steps: [until('run')],
    ours: ['run', 'finish', 'log: last words', 'log: end', '10', '20'],
    seen: 's6-overlay 2.2.0.3, on a signal',
  },
  {
    number: 74,
    title:
      'a variable that an init script writes is set for later scripts, without its final newline',
    tree: { 'web/run': withEnvironment('say "<$LEFT>"', 'stay') },
    stages: { 'cont-init.d/10': leaving('echo value >LEFT') },
    steps: [until('<value>')],
    ours: ['<value>'],
    seen: 's6-overlay 3.2.3.0',
  },
  {
    number: 73,
    title: 'an empty file is no variable, a single newline is an empty one',
    tree: { 'web/run': withEnvironment('say "${NONE-unset} <${EMPTY-unset}>"', 'stay') },
    stages: { 'cont-init.d/10': leaving(': >NONE', 'echo >EMPTY') },
    steps: [until('unset <>')],
    ours: ['unset <>'],
    seen: 's6-overlay 3.2.3.0',
  },
  {
    number: 76,
    title: 'a value of 5000 bytes is complete',
    tree: { 'web/run': withEnvironment('say ${#LONG}', 'stay') },
    stages: { 'cont-init.d/10': leaving('printf %05000d 0 >LONG') },
    steps: [until('5000')],
    ours: ['5000'],
    seen: 's6-overlay 2.2.0.3 and later',
  },
  {
    number: 77,
    title: 'a file name with a leading dot or an equals sign is no variable',
    tree: { 'web/run': withEnvironment('say "$(env | grep -c hidden)"', 'stay') },
    stages: { 'cont-init.d/10': leaving('echo hidden >.h', 'echo hidden >a=b') },
    steps: [until('0')],
    ours: ['0'],
    seen: 's6-overlay 1.21.2.2 and 2.2.0.3',
  },
  {
    number: 78,
    title:
      'S6_KEEP_ENV, the default of this library: scripts without with-contenv get the environment too',
    tree: { 'web/run': sh('say "<$LEFT>"', 'stay') },
    stages: { 'cont-init.d/10': leaving('echo value >LEFT') },
    steps: [until('<value>')],
    ours: ['<value>'],
    seen: 's6-overlay 2.2.0.3 and 3.1.6.2, for the variables that it is started with',
  },
]);

test('S6_LOGGING is 1: the command writes to the host’s stdout, everything else to the emptied catch-all log (case 57)', async (t) => {
  const folder = await testFolder(t);
  chmodSync(folder, 0o755); // the logger may run as the account nobody
  plant(join(folder, 'bin/logutil-service'), '#!/bin/sh\nexec cat >> "$1/current"\n');
  plant(join(folder, 'tree/cont-init.d/10'), '#!/bin/sh\necho init; echo init stderr >&2\n');
  plant(join(folder, 'tree/services.d/web/run'), '#!/bin/sh\necho run; exec sleep 600\n');
  for (const name of ['lock', 'current']) plant(join(folder, 'log', name), 'old\n');
  const host = `
    import { Supervisor } from ${JSON.stringify(new URL('../../lib/index.ts', import.meta.url).href)};
    const supervisor = await Supervisor.load('tree', { loggingDirectory: 'log' });
    supervisor.on('problem', ({ problem }) => console.log(problem));
    await supervisor.run({ command: ['sh', '-c', 'echo command; echo stderr >&2; until grep -q "run$" log/current; do sleep 0.02; done'] });
  `;
  const tsx = import.meta.resolve('tsx');
  const words = ['--import', tsx, '--input-type=module', '--eval', host];
  const PATH = `${join(folder, 'bin')}:${String(process.env['PATH'])}`;
  const env = { ...process.env, PATH, S6_LOGGING: '1' };
  const stdout = execFileSync(process.execPath, words, {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  });
  assert.equal(stdout, 'command\n', 'seen with s6-overlay 2.2.0.3');
  const caught = read(join(folder, 'log/current')).split('\n').slice(0, -1);
  assert.deepEqual(
    caught.map((line) => line.replace(/^[\d-]+ [\d:.]+ {2}/, '')),
    ['init', 'init stderr', 'run'],
  );
});
