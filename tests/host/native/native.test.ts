import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Native } from '../../../lib/host/native/native.ts';
import { loadNative, whyNoNative } from '../../../lib/host/native/native.ts';
import { read } from '../../processes.ts';

const skip = loadNative() === undefined ? `no native code: ${whyNoNative() ?? ''}` : false;

function native(): Native {
  return loadNative() ?? assert.fail(whyNoNative());
}

/** Lets time pass in which Node does not look after its children, until this one is dead. */
function letDie(pid: number): void {
  const end = performance.now() + 10_000;
  while (!native().isZombie(pid)) {
    assert.ok(performance.now() < end, `${pid} does not die`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

test('a dead child is seen, and Node takes its exit code all the same', { skip }, async () => {
  const child = spawn('sh', ['-c', 'exit 7'], { stdio: 'ignore' });
  const { pid = 0 } = child;
  letDie(pid);
  assert.deepEqual([native().firstZombie(), native().firstZombie()], [pid, pid]);
  assert.equal(native().isZombie(pid), true);
  assert.deepEqual(await once(child, 'exit'), [7, null]);
  assert.deepEqual([native().firstZombie(), native().isZombie(pid)], [undefined, false]);
});

test('who lives or is no child is no zombie and cannot be reaped', { skip }, async () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const { pid = 0 } = child;
  assert.deepEqual([native().isZombie(pid), native().reap(pid)], [false, false]);
  assert.equal(native().firstZombie(), undefined);
  for (const nobody of [1, 0, -1, -pid, 5_000_000]) {
    assert.deepEqual([native().isZombie(nobody), native().reap(nobody)], [false, false]);
  }
  child.kill('SIGKILL');
  letDie(pid);
  for (const any of [0, -1]) assert.equal(native().reap(any), false, 'any child is none');
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
});

test('a dead child is reaped once', { skip }, () => {
  // Who reaps a child of Node's leaves Node without its exit: a process of its own, then.
  const result = inNode(`
    const child = spawn('sh', ['-c', 'exit 7'], { stdio: 'ignore' });
    child.unref();
    while (!native.isZombie(child.pid));
    console.log(native.reap(child.pid), native.reap(child.pid), native.isZombie(child.pid));
  `);
  assert.equal(result, 'true false false\n');
});

test('the session of a process is that in /proc, also when it is dead', { skip }, async () => {
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

test('a process becomes a child subreaper and ceases to be one', { skip }, () => {
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

test('koffi is loaded when native code is asked for, and not by the library', { skip }, () => {
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
