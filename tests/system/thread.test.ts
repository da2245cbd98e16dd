/*
 * Supervisors in Worker threads: however the thread or its process ends, nothing that they started is left.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { OptionsError } from '../../lib/index.ts';
import { Reaper, isReaperNeeded } from '../../lib/host/orphans/reaper.ts';
import { isProcess1 } from '../../lib/system/thread.ts';
import { requireSignals } from '../../lib/supervisor/host-signals.ts';
import { isAlive, until } from '../processes.ts';
import { asProcess1, runHost, whyNoProcess1 } from '../host/run-host.ts';

const file = 'worker-host.ts';
const within = 60_000;

interface Ended {
  readonly output: string;
  readonly pids: readonly number[];
  readonly runtime: string;
}

async function end(scene: string, wrapper: readonly string[] = []): Promise<Ended> {
  const { output } = await runHost(scene, wrapper, undefined, { file, within });
  const [, pids = '', runtime = ''] = /^pids (\d+ \d+) runtime (.*)$/m.exec(output) ?? [];
  assert.notEqual(pids, '', output);
  return { output, pids: pids.split(' ').map(Number), runtime };
}

void describe('a supervisor in a Worker thread', { concurrency: 2 }, () => {
  const scenes = {
    terminate: 'the Worker is terminated',
    'terminate-in-start': 'the Worker is terminated while an init script runs',
    'terminate-in-stop': 'the Worker is terminated while it stops',
    'exit-worker': 'the Worker calls process.exit()',
    'throw-worker': 'the Worker throws',
    memory: 'the Worker is out of memory',
    exit: 'the main thread calls process.exit()',
    throw: 'the main thread throws',
    sigterm: 'the process is sent TERM',
    sigkill: 'the process is sent KILL',
    stop: 'the supervisor is stopped',
  };
  const liveOn = new Set([
    'terminate',
    'terminate-in-start',
    'terminate-in-stop',
    'exit-worker',
    'memory',
    'stop',
  ]);
  for (const [scene, title] of Object.entries(scenes)) {
    test(`leaves nothing when ${title}`, async () => {
      const { output, pids, runtime } = await end(scene);
      await until(() => !pids.some(isAlive), 'the end of all processes');
      await until(() => !existsSync(runtime), 'the end of the runtime directory');
      if (liveOn.has(scene)) assert.match(output, /^all dead$/m, 'while the process lived on');
      assert.doesNotMatch(output, /^problem/m);
    });
  }
});

test('a Worker of process 1 has a guard, too', { skip: whyNoProcess1() }, async () => {
  for (const scene of ['terminate', 'exit-worker']) {
    const { output } = await end(scene, asProcess1);
    assert.match(output, /^all dead$/m);
    assert.match(output, /^problem zombies$/m, 'orphans are not reaped, which is told');
  }
  const { output } = await end('terminate {"reap":false}', asProcess1);
  assert.doesNotMatch(output, /problem/);
});

test('a Worker has a guard in spite of `guard: false`, since nothing else ends its processes', async () => {
  for (const scene of ['exit', 'terminate']) {
    const { pids } = await end(`${scene} {"guard":false}`);
    for (const pid of pids) await until(() => !isAlive(pid), `the end of ${String(pid)}`, within);
  }
});

/** What a supervisor in a Worker throws or rejects with: its name, code and message. */
async function failureOf(expression: string): Promise<string> {
  const library = JSON.stringify(new URL('../../lib/index.ts', import.meta.url).href);
  const testing = JSON.stringify(new URL('../../lib/testing/index.ts', import.meta.url).href);
  const code = `
    (async () => {
      (await import('tsx/esm/api')).register();
      const { Supervisor } = await import(${library});
      const { simulate } = await import(${testing});
      await (${expression});
      return 'none';
    })().catch((error) => error.name + ' ' + error.code + ' ' + error.message)
      .then((text) => require('node:worker_threads').parentPort.postMessage(text));`;
  const worker = new Worker(code, { eval: true });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

test('signals in a Worker are an OptionsError that says what to do', async () => {
  for (const signals of ['true', "{ SIGTERM: 'ignore' }"]) {
    const told = await failureOf(`new Supervisor({ services: [] }).run({ signals: ${signals} })`);
    assert.match(
      told,
      /^OptionsError ERR_OPTIONS The option signals cannot be used in a Worker thread/,
    );
    assert.match(told, /Handle them there .* and call stop\(\) in the Worker/);
  }
  assert.doesNotThrow(() => {
    requireSignals({}, 'worker');
    requireSignals({ SIGTERM: 'stop' }, 'main');
  });
  assert.throws(() => {
    requireSignals({ SIGTERM: 'stop' }, 'worker');
  }, OptionsError);
});

test('what only the main thread can do is an OptionsError in a Worker', async () => {
  const reap = await failureOf('new Supervisor({ services: [] }, { reap: true })');
  assert.match(
    reap,
    /^OptionsError ERR_OPTIONS The option reap is true, and a Worker thread can reap/,
  );
  const native = await failureOf("new Supervisor({ services: [] }, { spawner: 'native' })");
  assert.match(native, /^OptionsError ERR_OPTIONS .* a Worker thread gets no SIGCHLD/);
});

test('a simulation is the same in a Worker as anywhere', async () => {
  const life = `simulate({ services: [{ name: 'web', run: ['web'] }] }, { reap: true }).then(async (it) => {
    const verdict = it.supervisor.run({ signals: true });
    await it.settle();
    await it.supervisor.stop();
    return verdict;
  })`;
  assert.equal(await failureOf(life), 'none');
});

test('a reaper in a Worker of process 1 tells that it reaps nothing, unless it need not', () => {
  const codes: string[] = [];
  const begin = (reap: boolean | undefined, thread: 'main' | 'worker', pid: number): void => {
    const native = () => undefined;
    new Reaper({ reap, thread, pid, native, onProblem: ({ code }) => codes.push(code) }).begin();
  };
  begin(undefined, 'worker', 1);
  assert.deepEqual(codes, ['zombies']);
  begin(false, 'worker', 1);
  begin(undefined, 'worker', 2);
  assert.deepEqual(codes, ['zombies']);
  assert.equal(
    isReaperNeeded(() => undefined, 'worker'),
    false,
  );
  assert.equal(isProcess1('worker'), false);
});
