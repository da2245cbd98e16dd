import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Native } from '../../../lib/host/native/native.ts';
import { loadNative, whyNoNative } from '../../../lib/host/native/native.ts';
import { read } from '../../processes.ts';
import { unlessInCI } from '../../skipping.ts';

const skip = unlessInCI(loadNative() === undefined && `no native code: ${whyNoNative() ?? ''}`);

function native(): Native {
  return loadNative() ?? assert.fail(whyNoNative());
}

/** Blocks the event loop, so that Node reaps no child, until this child is dead. */
function letDie(pid: number): void {
  const end = performance.now() + 10_000;
  while (!native().isZombie(pid)) {
    assert.ok(performance.now() < end, `${pid} does not die`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

test('a dead child is visible, and Node still gets its exit code', { skip }, async () => {
  const child = spawn('sh', ['-c', 'exit 7'], { stdio: 'ignore' });
  const { pid = 0 } = child;
  letDie(pid);
  assert.deepEqual([native().firstZombie(), native().firstZombie()], [pid, pid]);
  assert.equal(native().isZombie(pid), true);
  assert.deepEqual(await once(child, 'exit'), [7, null]);
  assert.deepEqual([native().firstZombie(), native().isZombie(pid)], [undefined, false]);
});

test(
  'a living process or one that is not a child is no zombie and cannot be reaped',
  { skip },
  async () => {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    const { pid = 0 } = child;
    assert.deepEqual([native().isZombie(pid), native().reap(pid)], [false, false]);
    assert.equal(native().firstZombie(), undefined);
    for (const other of [1, 0, -1, -pid, 5_000_000]) {
      assert.deepEqual([native().isZombie(other), native().reap(other)], [false, false]);
    }
    child.kill('SIGKILL');
    letDie(pid);
    for (const any of [0, -1])
      assert.equal(native().reap(any), false, 'a pid that means any child is rejected');
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
  },
);

test('a dead child is reaped once', { skip }, () => {
  // Reaping a child of Node keeps its exit from Node, so this runs in a process of its own.
  const result = inNode(`
    const child = spawn('sh', ['-c', 'exit 7'], { stdio: 'ignore' });
    child.unref();
    while (!native.isZombie(child.pid));
    console.log(native.reap(child.pid), native.reap(child.pid), native.isZombie(child.pid));
  `);
  assert.equal(result, 'true false false\n');
});

test('the session of a process equals that in /proc, even of a zombie', { skip }, async () => {
  const sessionOf = (pid: number | 'self'): number =>
    Number(read(`/proc/${pid}/stat`).replace(/.*\) /, '').split(' ')[3]);
  const child = spawn('true', { detached: true, stdio: 'ignore' });
  const { pid = 0 } = child;
  letDie(pid);
  assert.deepEqual([native().sessionOf(pid), sessionOf(pid)], [pid, pid]);
  await once(child, 'exit');
  assert.equal(native().sessionOf(pid), undefined);
  assert.equal(native().sessionOf(0), sessionOf('self'));
});

test('a process can become a child subreaper and stop being one', { skip }, () => {
  assert.equal(native().isSubreaper(), false);
  const result = inNode(`
    const answers = [native.isSubreaper()];
    for (const on of [true, false]) {
      native.setSubreaper(on);
      answers.push(native.isSubreaper());
    }
    console.log(answers.join(' '));
  `);
  assert.equal(result, 'false true false\n');
});

test('koffi is loaded by the first native call, not by the import of the library', { skip }, () => {
  const loaded = `console.log(Object.keys(createRequire('/').cache).some((path) => path.includes('koffi')))`;
  const library = fileURLToPath(new URL('../../../lib/index.ts', import.meta.url));
  assert.equal(
    run(`import { createRequire } from 'node:module'; await import('${library}'); ${loaded}`),
    'false\n',
  );
  assert.equal(inNode(loaded), 'true\n');
});

function inNode(script: string): string {
  const file = fileURLToPath(new URL('../../../lib/host/native/native.ts', import.meta.url));
  return run(`
    import { spawn } from 'node:child_process';
    import { createRequire } from 'node:module';
    import { loadNative } from '${file}';
    const native = loadNative();
    ${script}
  `);
}

function run(script: string): string {
  const words = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.deepEqual([status, stderr], [0, '']);
  return stdout;
}
