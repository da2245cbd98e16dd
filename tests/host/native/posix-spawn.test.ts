import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { posixOf, without } from '../ways.ts';

const skip = without('native');

test('native starts are not available in a Worker thread, with a reason', { skip }, () => {
  const file = fileURLToPath(new URL('../../../lib/host/native/posix-spawn.ts', import.meta.url));
  const script = `
    import { Worker } from 'node:worker_threads';
    const { openPosixSpawn } = await import('${file}');
    const code = "(await import('tsx/esm/api')).register(); console.log((await import('${file}')).openPosixSpawn())";
    console.log(Object.keys(openPosixSpawn()).join());
    new Worker(code, { eval: true });
  `;
  const words = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.match(stdout, /^posix\n.*\n *why: 'a Worker thread gets no SIGCHLD/);
  assert.match(stdout, /remedy: 'Do it in the main thread'/);
});

test('a failed call throws the error of the system', { skip }, () => {
  const posix = posixOf('native') ?? assert.fail();
  const nothing = { words: ['it'], variables: [], directory: '/', leads: true, descriptors: [] };
  assert.throws(() => posix.spawn({ ...nothing, path: '/nowhere' }), {
    code: 'ENOENT',
    message: 'spawn /nowhere ENOENT',
  });
  for (const path of ['/bin/true\0', '/bin/\0true']) {
    assert.throws(() => posix.spawn({ ...nothing, path }), { code: 'ERR_INVALID_ARG_VALUE' });
  }
  const directory = '/nowhere';
  assert.throws(() => posix.spawn({ ...nothing, path: '/bin/true', directory }), {
    code: 'ENOENT',
  });
  const descriptors = [[0, 100_000_000]] as const;
  assert.throws(() => posix.spawn({ ...nothing, path: '/bin/true', descriptors }), {
    code: 'EBADF',
  });
  assert.equal(posix.whyNotExecutable('/nowhere')?.code, 'ENOENT');
  assert.equal(posix.whyNotExecutable('/bin/sh'), undefined);
  assert.throws(() => posix.duplicateAbove(100_000_000, 3), { code: 'EBADF' });
});
