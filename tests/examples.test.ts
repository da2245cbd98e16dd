/*
 * Runs each example in the way that a user does, and checks its output.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { policies } from '../examples/kubernetes/policies.ts';
import { explore, writeTree } from '../lib/testing/index.ts';
import type { SupervisorStatus } from '../lib/index.ts';
import { read, until } from './processes.ts';

interface Running {
  readonly child: ChildProcess;
  /** The output so far, on stdout and stderr. */
  output(): string;
  /** The exit code or signal. */
  readonly ended: Promise<number | string>;
}

function run(example: string, environment: Record<string, string> = {}): Running {
  return node(example, ['--import', 'tsx', 'main.ts'], environment);
}

/** Runs Node in the folder of an example. */
function node(
  example: string,
  words: readonly string[],
  environment: Record<string, string | undefined> = {},
): Running {
  // One pipe for both streams, since the order between two pipes is not defined.
  const child = spawn('sh', ['-c', 'exec "$@" 2>&1', 'sh', process.execPath, ...words], {
    cwd: fileURLToPath(new URL(`../examples/${example}`, import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return { child, output: () => output, ended };
}

/** Asserts that these texts appear in the output in this order. */
function shows(output: string, ...things: readonly (string | RegExp)[]): void {
  let rest = output;
  for (const thing of things) {
    const found = typeof thing === 'string' ? rest.indexOf(thing) : rest.search(thing);
    assert.notEqual(found, -1, `${String(thing)} is missing, or out of order:\n${output}`);
    rest = rest.slice(found + 1);
  }
}

const bound = { timeout: 60_000 };

test('boot-a-tree runs all three stages and exits by itself', bound, async () => {
  const { ended, output } = run('boot-a-tree');
  assert.equal(await ended, 0, output());
  shows(
    output(),
    'loaded → initializing',
    /init1 +exited, exit code 0/,
    'initializing → starting',
    /service2\/log +starting → up/,
    /service2 +starting → up/,
    'starting → running',
    /service2 +up → finishing, ended by SIGKILL/,
    /service2 +starting → up/,
    'running → stopping',
    /service2 +up → stopping/,
    /service2\/log +stopping → down, exit code 0/,
    'stopping → finishing',
    'finishing → ended',
    "verdict { reason: 'stopped', exitCode: 0",
  );
  // A script may print before the host has printed that it runs, but not after the host has printed that it exited.
  shows(
    output(),
    'init1: the first init script',
    /init1 +exited, exit code 0/,
    'init2: the second one',
    'initializing → starting',
    'logged: tick 1',
    'finish of service2: exit code 256, signal 9, name service2',
    'running → stopping',
    'logged: finish of service2: exit code 256, signal 15, name service2',
    'end of file: the logger has read everything',
    /service2\/log +stopping → down, exit code 0/,
    'finish1: all services are down',
    'finish2: the last one',
    'finishing → ended',
  );
  shows(output(), "service2: up, GREETING is 'left by init2'");
  shows(output(), 'service1: up, to the very end');
  assert.equal(output().includes('problem'), false, output());
});

test('boot-a-tree stops in order on Ctrl-C', bound, async () => {
  const { child, ended, output } = run('boot-a-tree');
  await until(() => output().includes('starting → running'), 'the tree running', 30_000);
  child.kill('SIGINT');
  assert.equal(await ended, 130, output());
  shows(output(), 'running → stopping', 'end of file', 'finish1', 'finish2', "reason: 'signal'");
});

test('embed-in-a-server answers /healthz and stops in the right order', bound, async () => {
  const { child, ended, output } = run('embed-in-a-server', { PORT: '0' });
  await until(() => output().includes('listening on'), 'the server', 30_000);
  const port = /port: (\d+)/.exec(output())?.[1];
  const [response] = (await once(
    get(`http://127.0.0.1:${port}/healthz`, { agent: false }),
    'response',
  )) as [IncomingMessage];
  const body = JSON.parse(await text(response)) as {
    healthy: boolean;
    services: { helper: { ready: boolean } };
  };
  assert.equal(response.statusCode, 200);
  assert.equal(body.healthy, true);
  assert.equal(body.services.helper.ready, true);
  child.kill('SIGTERM');
  assert.equal(await ended, 0, output());
  // A line and the announcement after it come by two pipes.
  shows(output(), 'helper: ready to help');
  shows(
    output(),
    'helper is up',
    'SIGTERM: no more requests',
    'helper: going down',
    'the helper is down: stopped 0',
  );
});

test('watch-events prints every step of a service that dies twice', bound, async () => {
  const { ended, output } = run('watch-events');
  assert.equal(await ended, 0, output());
  shows(
    output(),
    'moody down → starting (stage)',
    'moody up → backoff (exited)',
    'moody backoff → starting (deadline)',
    'moody up → backoff (exited)',
    'moody starting → up (spawned)',
    'moody is up for',
    'moody up → stopping (shutdown)',
    'moody stopping → down (exited)',
    'stopped',
  );
});

test('essential-service exits with the exit code of the service', bound, async () => {
  const { ended, output } = run('essential-service');
  assert.equal(await ended, 42, output());
  shows(output(), 'everything is down', "reason: 'essential'");
});

test('test-your-tree passes under node:test', bound, async () => {
  const words = ['--import', 'tsx', '--test', '--test-reporter=tap', 'node.test.ts'];
  // Without this variable a test inside a test would report to the outer one instead of printing.
  const { ended, output } = node('test-your-tree', words, { NODE_TEST_CONTEXT: undefined });
  assert.equal(await ended, 0, output());
  shows(output(), 'ok 1 - the tree has no problems', '# pass 8', '# fail 0');
});

test('test-your-tree passes under Vitest', bound, async () => {
  const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
  const { ended, output } = node('test-your-tree', [vitest, 'run'], { NO_COLOR: '1' });
  assert.equal(await ended, 0, output());
  shows(output(), 'vitest.test.ts (8 tests)', /Tests +8 passed \(8\)/);
});

interface Image extends AsyncDisposable {
  readonly folder: string;
  /** The container environment, in addition to that of the tests. */
  readonly environment: Readonly<Record<string, string>>;
  /** The port of the web server, from its log. */
  port(): Promise<string>;
  /** The entries of the runtime directory at the end. */
  left(): Promise<readonly string[]>;
}

/** The folders that an image has for the tree of container-init. */
async function image(): Promise<Image> {
  const folder = await mkdtemp(join(tmpdir(), 'stagekeeper-example-'));
  await chmod(folder, 0o755); // the logger runs as the account nobody when the tests run as root
  const [runtime, data] = [join(folder, 's6'), join(folder, 'web')];
  const port = (): string | undefined =>
    /listening on (\d+)/.exec(read(join(data, 'log', 'current')))?.[1];
  return {
    folder,
    environment: { RUNTIME: runtime, DATA: data, PORT: '0' },
    port: async () => {
      await until(() => port() !== undefined, 'the log of the web server', 30_000);
      return port() ?? '';
    },
    left: async () => (await readdir(folder)).toSorted(),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

test(
  'container-init serves, logs, and stops in order on TERM, without a container',
  bound,
  async () => {
    await using place = await image();
    const environment = { ...place.environment, ROOT: 'tree', GREETING: 'good morning' };
    const { child, ended, output } = node(
      'container-init',
      ['--import', 'tsx', 'init.ts'],
      environment,
    );
    const answer = await fetch(`http://127.0.0.1:${await place.port()}/`);
    assert.equal(await answer.text(), 'good morning\n');
    await until(() => output().includes('init: running'), 'the readiness', 30_000);
    child.kill('SIGTERM');
    assert.equal(await ended, 143, output());
    shows(
      output(),
      'init: initializing',
      'init: web starting → up',
      'init: running',
      'init: stopping',
      'init: web/log stopping → down',
      'init: finishing',
      'init: exit code 143 (signal)',
    );
    // A script may print before the host has printed that it runs.
    shows(
      output(),
      'init: web stopping → finishing',
      /the last line of the log: .* GET \//,
      'init: exit code 143 (signal)',
    );
    assert.deepEqual(await place.left(), ['web'], 'no file of the supervisor is left');
  },
);

test(
  'container-init exits with the exit code of its web server, or of its command',
  bound,
  async () => {
    await using place = await image();
    const environment = { ...place.environment, ROOT: 'tree' };
    const words = ['--import', 'tsx', 'init.ts'];
    const broken = node('container-init', words, { ...environment, PORT: '70000' });
    assert.equal(await broken.ended, 1, broken.output());
    shows(broken.output(), 'init: exit code 1 (requested)');
    const once = node('container-init', [...words, 'sh', '-c', 'exit 3'], environment);
    assert.equal(await once.ended, 3, once.output());
    shows(once.output(), 'init: exit code 3 (command)');
  },
);

/** The path of an example, or of a file in it. */
function inExamples(path: string): string {
  return fileURLToPath(new URL(`../examples/${path}`, import.meta.url));
}

/** Sends a probe's request, in the way of a kubelet. */
async function probe(
  base: string,
  path: string,
): Promise<{ code: number; status: SupervisorStatus }> {
  const response = await fetch(`${base}${path}`, { headers: { connection: 'close' } });
  return { code: response.status, status: (await response.json()) as SupervisorStatus };
}

/** The status codes of the three probes: started, ready, alive. */
async function probes(base: string): Promise<readonly number[]> {
  const answers = ['/startupz', '/readyz', '/livez'].map(async (path) => probe(base, path));
  return (await Promise.all(answers)).map(({ code }) => code);
}

/** Resolves once the probes have these status codes. */
async function untilProbes(base: string, wanted: readonly number[]): Promise<void> {
  const end = performance.now() + 30_000;
  for (;;) {
    const found = await probes(base);
    if (String(found) === String(wanted)) return;
    if (performance.now() > end) assert.deepEqual(found, wanted, 'the probes, after 30 s');
    await pause(10);
  }
}

/** The pid of the cleaner once it is up after this number of deaths. */
async function pidOfCleaner(base: string, deaths: number): Promise<number> {
  const end = performance.now() + 30_000;
  while (performance.now() < end) {
    const { cleaner } = (await probe(base, '/livez')).status.services;
    if (cleaner?.deaths === deaths && cleaner.pid !== undefined) return cleaner.pid;
    await pause(10);
  }
  return assert.fail(`the cleaner is not up after ${String(deaths)} deaths`);
}

/** The values of simple YAML, each after the keys that lead to it; items of lists have no index. */
function valuesIn(yaml: string): readonly string[] {
  const keys: { readonly depth: number; readonly key: string }[] = [];
  let [last, isOpen] = [-1, true];
  return yaml.split('\n').flatMap((line) => {
    if (/^ *(#.*)?$/.test(line)) return [];
    const [, indent = '', key = '', value] =
      /^((?: {2})*(?:- )?)([A-Za-z]+):(?: ([^ #].*?))?(?: #.*)?$/.exec(line) ??
      assert.fail(`no YAML that can be read here: '${line}'`);
    const depth = indent.length;
    assert.equal(depth > last, isOpen, `the indentation of '${line}'`);
    while ((keys.at(-1)?.depth ?? -1) >= depth) keys.pop();
    keys.push({ depth, key });
    [last, isOpen] = [depth, value === undefined];
    return value === undefined ? [] : [`${keys.map((each) => each.key).join('.')}: ${value}`];
  });
}

test('kubernetes: the probes follow the phases of a pod', bound, async () => {
  await using place = await image();
  const root = join(place.folder, 'tree');
  await cp(inExamples('container-init/tree'), root, { recursive: true });
  const waiting = (file: string): string =>
    `#!/bin/sh\nuntil test -e "${place.folder}/${file}"; do sleep 0.05; done\n`;
  await writeTree(root, {
    'cont-init.d/05-wait': waiting('go'),
    'cont-finish.d/05-wait': waiting('over'),
  });
  const { child, ended, output } = node('kubernetes', ['--import', 'tsx', 'init.ts'], {
    ...place.environment,
    ROOT: root,
    PROBES: '0',
  });
  await until(() => output().includes('init: initializing'), 'the init stage', 30_000);
  await until(() => output().includes('answers probes'), 'the probes', 30_000);
  const base = `http://127.0.0.1:${/port: (\d+)/.exec(output())?.[1]}`;
  assert.deepEqual(await probes(base), [503, 503, 200], 'an init script runs');
  await writeFile(join(place.folder, 'go'), '');
  await untilProbes(base, [200, 200, 200]);

  // A service that dies is restarted; the third death makes it fail for good.
  for (const deaths of [0, 1, 2]) process.kill(await pidOfCleaner(base, deaths), 'SIGKILL');
  await untilProbes(base, [200, 200, 503]);

  child.kill('SIGTERM');
  await untilProbes(base, [200, 503, 503]);
  assert.equal((await fetch(`${base}/elsewhere`)).status, 404);
  await writeFile(join(place.folder, 'over'), '');
  assert.equal(await ended, 143, output());
  shows(output(), 'init: stopping', 'init: finishing', 'init: exit code 143 (signal)');
});

test('kubernetes: the grace period of a pod covers its longest shutdown', async () => {
  const yaml = read(inExamples('kubernetes/deployment.yaml'));
  const { longestShutdown } = await explore(inExamples('container-init/tree'), policies);
  const seconds = longestShutdown.duration / 1000;
  const values = valuesIn(yaml).join('\n');
  const grace = /^spec\.template\.spec\.terminationGracePeriodSeconds: (\d+)$/m.exec(values)?.[1];
  assert.ok(Number(grace) >= seconds, String(longestShutdown.duration));
  const terms = [...yaml.matchAll(/# +\d x \S+ +(\d+) s /g)].map(([, term]) => Number(term));
  assert.equal(
    terms.reduce((one, other) => one + other),
    seconds,
    'the sum in the comment',
  );
  assert.equal(Number(/# +together +(\d+) s$/m.exec(yaml)?.[1]), seconds);
});

test('kubernetes: the deployment names existing ports and paths, and no more rights than it needs', () => {
  const values = valuesIn(read(inExamples('kubernetes/deployment.yaml')));
  const under = (prefix: string): readonly string[] =>
    values.filter((value) => value.startsWith(prefix)).map((value) => value.slice(prefix.length));
  const container = 'spec.template.spec.containers.';
  const source = read(inExamples('kubernetes/init.ts'));
  for (const name of ['startup', 'readiness', 'liveness']) {
    const [path = '', port, ...times] = under(`${container}${name}Probe.`);
    assert.match(source, new RegExp(`\\['${path.replace('httpGet.path: ', '')}', `));
    assert.equal(port, 'httpGet.port: probes');
    assert.equal(times.length, 2, name);
  }
  assert.deepEqual(under('spec.template.spec.securityContext.runAsNonRoot'), [': true']);
  assert.deepEqual(under(`${container}securityContext.readOnlyRootFilesystem`), [': true']);
  assert.deepEqual(
    under(`${container}volumeMounts.name: `),
    under('spec.template.spec.volumes.name: '),
  );
  assert.deepEqual(under('spec.selector.matchLabels'), under('spec.template.metadata.labels'));
});
