/*
 * The examples, each run as a user runs it, and what its output must show.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:http';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { until } from './processes.ts';

interface Running {
  readonly child: ChildProcess;
  /** What it has printed so far, on stdout and stderr. */
  output(): string;
  /** Its exit code or signal, once it has ended. */
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
  const child = spawn(process.execPath, words, {
    cwd: fileURLToPath(new URL(`../examples/${example}`, import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return { child, output: () => output, ended };
}

/** Asserts that the output shows these things in this order. */
function shows(output: string, ...things: readonly (string | RegExp)[]): void {
  let rest = output;
  for (const thing of things) {
    const found = typeof thing === 'string' ? rest.indexOf(thing) : rest.search(thing);
    assert.notEqual(found, -1, `${String(thing)} is missing, or not in its place:\n${output}`);
    rest = rest.slice(found + 1);
  }
}

const bound = { timeout: 60_000 };

test('boot-a-tree shows the whole model at work and ends by itself', bound, async () => {
  const { ended, output } = run('boot-a-tree');
  assert.equal(await ended, 0, output());
  shows(
    output(),
    'loaded → initializing',
    'init1: the first init script',
    /init1 +exited, exit code 0/,
    'init2: the second one',
    'initializing → starting',
    /service2\/log +starting → up/,
    /service2 +starting → up/,
    'starting → running',
    'logged: tick 1',
    /service2 +up → finishing, ended by SIGKILL/,
    'finish of service2: exit code 256, signal 9, name service2',
    /service2 +starting → up/,
    'running → stopping',
    /service2 +up → stopping/,
    'logged: finish of service2: exit code 256, signal 15, name service2',
    'end of file: the logger has read everything',
    /service2\/log +stopping → down, exit code 0/,
    'stopping → finishing',
    'finish1: all services are down',
    'finish2: the last one',
    'finishing → ended',
    "verdict { reason: 'stopped', exitCode: 0",
  );
  shows(output(), "service2: up, GREETING is 'left by init2'");
  shows(output(), 'service1: up, to the very end');
  assert.equal(output().includes('problem'), false, output());
});

test('boot-a-tree ends in order on Ctrl-C', bound, async () => {
  const { child, ended, output } = run('boot-a-tree');
  await until(() => output().includes('starting → running'), 'the tree running', 30_000);
  child.kill('SIGINT');
  assert.equal(await ended, 130, output());
  shows(output(), 'running → stopping', 'end of file', 'finish1', 'finish2', "reason: 'signal'");
});

test('embed-in-a-server answers /healthz and goes down in the right order', bound, async () => {
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
  shows(
    output(),
    'helper: ready to help',
    'helper is up',
    'SIGTERM: no more requests',
    'helper: going down',
    'the helper is down: stopped 0',
  );
});

test('watch-events tells every step of a moody service', bound, async () => {
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

test('essential-service ends with the exit code of the service', bound, async () => {
  const { ended, output } = run('essential-service');
  assert.equal(await ended, 42, output());
  shows(output(), 'everything is down', "reason: 'essential'");
});

test('test-your-tree passes under node:test', bound, async () => {
  const words = ['--import', 'tsx', '--test', '--test-reporter=tap', 'node.test.ts'];
  // A test that is run by a test would report to it instead of printing.
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
