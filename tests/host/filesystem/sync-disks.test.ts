import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { plant, testFolder } from '../folder.ts';
import { read } from '../../processes.ts';
import { syncDisks } from '../../../lib/host/filesystem/sync-disks.ts';
import { Supervisor } from '../../../lib/index.ts';

/** Replaces the system's `sync` by this script for a test; returns a folder. */
async function replaceSync(t: TestContext, script: string): Promise<string> {
  const folder = await testFolder(t);
  plant(join(folder, 'bin', 'sync'), `#!/bin/sh\n${script}\n`);
  const before = process.env['PATH'];
  process.env['PATH'] = `${join(folder, 'bin')}:${String(before)}`;
  t.after(() => {
    process.env['PATH'] = before;
  });
  return folder;
}

test('a successful sync is no problem', async (t) => {
  await replaceSync(t, 'exit 0');
  assert.deepEqual(await syncDisks(10_000), []);
});

test('a failed sync is a problem', async (t) => {
  await replaceSync(t, 'exit 3');
  const [problem] = await syncDisks(10_000);
  assert.equal(problem?.code, 'sync-failed');
  assert.match(problem.message, /it ended with 3/);
});

test('a missing sync program is a problem', async (t) => {
  const folder = await replaceSync(t, '');
  process.env['PATH'] = folder;
  const [problem] = await syncDisks(10_000);
  assert.match(problem?.message ?? '', /ENOENT/);
});

test('a sync that exceeds its timeout is killed and no longer waited for', async (t) => {
  await replaceSync(t, 'exec sleep 600');
  const [problem] = await syncDisks(0);
  assert.match(problem?.message ?? '', /not done after 1000 ms/);
});

test('the disks are synchronised once, after the exit of the last process', async (t) => {
  const folder = await replaceSync(t, 'echo sync >> "$TRACE"');
  const trace = join(folder, 'trace');
  process.env['TRACE'] = trace;
  t.after(() => delete process.env['TRACE']);
  const supervisor = new Supervisor(
    {
      services: [
        {
          name: 'web',
          run: ['sh', '-c', 'echo run >> "$TRACE"; exit 3'],
          essential: true,
          restart: 'never',
        },
      ],
      finish: [{ name: '10', run: ['sh', '-c', 'echo finish >> "$TRACE"'] }],
    },
    { syncDisks: true, output: 'ignore' },
  );
  assert.equal((await supervisor.run()).exitCode, 3);
  assert.equal(read(trace), 'run\nfinish\nsync\n');
});

test('a supervisor that has started no process does not synchronise the disks', async (t) => {
  const folder = await replaceSync(t, 'echo sync >> "$TRACE"');
  const trace = join(folder, 'trace');
  process.env['TRACE'] = trace;
  t.after(() => delete process.env['TRACE']);
  const tree = { services: [{ name: 'web', run: ['true'] }] };
  await new Supervisor(tree, { syncDisks: true }).stop();
  assert.equal(read(trace), '');
});
