/*
 * The option `spawner` decides how processes are started.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SupervisorOptions } from '../../lib/index.ts';
import { OptionsError, Supervisor } from '../../lib/index.ts';
import { nativeChildren } from '../../lib/host/orphans/native-children.ts';
import { whoRuns } from './folder.ts';
import { ways, without } from './ways.ts';

for (const way of ways) {
  test(
    `processes are started in the way of the option: ${way}`,
    { skip: without(way) },
    async () => {
      const tree = { services: [{ name: 'web', run: { command: ['sleep', '600'] } }] };
      const supervisor = new Supervisor(tree, { spawner: way, output: 'ignore' });
      try {
        await supervisor.start();
        const { pid = 0 } = supervisor.service('web');
        assert.equal(nativeChildren.has(pid), way === 'native');
      } finally {
        await supervisor.stop();
      }
      assert.deepEqual(supervisor.service('web').lastExit, { code: null, signal: 'SIGTERM' });
    },
  );
}

for (const way of ways) {
  const skip = without('native');
  test(`with koffi, log pipes have no name: ${way}`, { skip }, async () => {
    const sleeps = { command: ['sleep', '600'] };
    const tree = {
      services: [{ name: 'web', run: sleeps, logger: { run: { command: ['cat'] } } }],
    };
    const supervisor = new Supervisor(tree, { spawner: way });
    try {
      await supervisor.start();
      const [end, other] = ['web', 'web/log'].map((name, descriptor) => {
        const { pid = 0 } = supervisor.service(name);
        return readlinkSync(`/proc/${pid}/fd/${1 - descriptor}`);
      });
      assert.match(end ?? '', /^pipe:/);
      assert.equal(other, end);
    } finally {
      await supervisor.stop();
    }
  });
}

test('without koffi loaded, log pipes are FIFOs', { skip: without('native') }, () => {
  const library = fileURLToPath(new URL('../../lib/index.ts', import.meta.url));
  const script = `
    import { readlinkSync } from 'node:fs';
    const { Supervisor } = await import('${library}');
    const sleeps = { command: ['sleep', '600'] };
    const tree = { services: [{ name: 'web', run: sleeps, logger: { run: { command: ['cat'] } } }] };
    const supervisor = new Supervisor(tree, { reap: false });
    await supervisor.start();
    console.log(readlinkSync('/proc/' + supervisor.service('web').pid + '/fd/1'));
    console.log(await supervisor.stop().then(({ reason }) => reason));
  `;
  const words = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.match(stdout, /^\/.*\nstopped\n$/, 'a FIFO, which has a path');
});

test(
  'a process with another account is started by Node, even if others are started natively',
  { skip: whoRuns.root === false ? without('native') : whoRuns.root },
  async () => {
    const run = { command: ['sleep', '600'] };
    const services = [
      { name: 'before', run },
      { name: 'other', run, user: 'nobody' },
      { name: 'after', run },
    ];
    const supervisor = new Supervisor({ services }, { spawner: 'native', output: 'ignore' });
    try {
      await supervisor.start();
      const natives = services.filter(({ name }) =>
        nativeChildren.has(supervisor.service(name).pid ?? 0),
      );
      assert.deepEqual(
        natives.map(({ name }) => name),
        ['before', 'after'],
      );
    } finally {
      await supervisor.stop();
    }
    assert.deepEqual(supervisor.service('other').lastExit, { code: null, signal: 'SIGTERM' });
  },
);

test('an unknown way is rejected', () => {
  const spawner = 'fork' as unknown as SupervisorOptions['spawner'] & object;
  assert.throws(
    () => new Supervisor({}, { spawner }),
    (error: Error) =>
      error instanceof OptionsError &&
      error.message.includes(`spawner: expected 'native', 'node' or an object with the methods`),
  );
});

// The real ones are too large a download for each run of the tests; both have Node's version and their own in process.versions.
for (const runtime of ['bun', 'deno']) {
  test(`under ${runtime} a supervisor of real processes is rejected at once, and a simulation runs`, () => {
    const at = (path: string): string =>
      fileURLToPath(new URL(`../../lib/${path}`, import.meta.url));
    const script = `
      Object.defineProperty(process, 'versions', { value: { ...process.versions, ${runtime}: '1.2.3' } });
      const { Supervisor } = await import('${at('index.ts')}');
      const { simulate } = await import('${at('testing/index.ts')}');
      const life = await simulate({ 'services.d/web/run': '' });
      await life.until(life.supervisor.start());
      console.log(life.supervisor.service('web').status);
      const told = (error) => console.log(error.code, error.message);
      try {
        new Supervisor({});
      } catch (error) {
        told(error);
      }
      await Supervisor.load('${at('..')}/examples/boot-a-tree/tree').catch(told);
    `;
    const words = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    assert.equal(stderr, '');
    const refusal = `ERR_UNSUPPORTED_RUNTIME This supervisor cannot start processes under ${runtime} 1.2.3: it needs Node.js. Run the program with node, 20.19 or later.`;
    assert.deepEqual(stdout.trim().split('\n'), ['up', refusal, refusal]);
  });
}

test('the native way is rejected without koffi, with a reason', () => {
  const library = fileURLToPath(new URL('../../lib/index.ts', import.meta.url));
  const script = `
    import Module from 'node:module';
    const load = Module._load;
    Module._load = (request, ...more) => {
      if (request === 'koffi') throw new Error("Cannot find module 'koffi'\\nRequire stack: ...");
      return load.call(Module, request, ...more);
    };
    const { Supervisor } = await import('${library}');
    new Supervisor({}, { spawner: 'node' });
    try {
      new Supervisor({}, { spawner: 'native' });
    } catch (error) {
      console.log(error.code, error.message);
    }
  `;
  const words = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.match(
    stdout,
    /^\w+ The option spawner is 'native', .*: Cannot find module 'koffi'\. Install/,
  );
});
