import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Command } from '../../../lib/model/program.ts';
import { runHost } from '../run-host.ts';
import { whoRuns } from '../folder.ts';
import type { Rig } from '../rig.ts';
import { rig } from '../rig.ts';
import { hostOf, testEachWay as test } from '../ways.ts';

/** The failure of a command that cannot be run; it is reported once, and nothing else is. */
async function failureOf(
  t: TestContext,
  command: (rig: Rig) => Partial<Command> & Pick<Command, 'program'>,
): Promise<{ code: string; message: string }> {
  const made = await rig(t);
  const life = made.start({ name: 'web', ...command(made) });
  await life.over;
  await turn();
  assert.deepEqual(life.told, [`unspawnable ${life.failure?.code}`]);
  assert.ok(life.failure !== undefined);
  assert.match(life.failure.message, /^[^ ].*\.$/);
  return life.failure;
}

const run = (command: string, ...words: string[]) => ({
  program: { command: [command, ...words] },
});

test('a program that is not on PATH fails the spawn, with that PATH in the message', async (t) => {
  const found = await failureOf(t, () => ({
    ...run('no-such-program'),
    environment: { PATH: '/bin:/usr/bin' },
  }));
  assert.equal(found.code, 'ENOENT');
  assert.match(found.message, /no-such-program is not on its PATH \/bin:\/usr\/bin\./);
});

test('a program that does not exist fails the spawn', async (t) => {
  const found = await failureOf(t, () => run('/nowhere/at/all'));
  assert.deepEqual(found, {
    code: 'ENOENT',
    message: '/nowhere/at/all does not exist.',
  });
});

test('a script that does not exist fails the spawn', async (t) => {
  const found = await failureOf(t, () => ({ program: { script: '/nowhere/run' } }));
  assert.equal(found.code, 'ENOENT');
  assert.match(found.message, /\/nowhere\/run does not exist/);
});

test('a script without its interpreter fails the spawn, and the message names the interpreter', async (t) => {
  const found = await failureOf(t, ({ file }) => ({
    program: { script: file('run', '#!/opt/no/such/sh\n') },
  }));
  assert.equal(found.code, 'ENOENT');
  assert.match(found.message, /the interpreter \/opt\/no\/such\/sh of \/.*\/run does not exist/);
});

test('a script with an interpreter that is not executable fails the spawn', async (t) => {
  const found = await failureOf(t, ({ file }) => ({
    program: { script: file('run', `#!${file('sh', 'text', 0o644)}\n`) },
  }));
  assert.equal(found.code, 'EACCES');
  assert.match(found.message, /the interpreter .*\/sh of .*\/run is not executable/);
});

test('a program without its own interpreter fails the spawn', async (t) => {
  const found = await failureOf(t, ({ file }) => run(file('program', '#!/opt/no/such/sh\n')));
  assert.equal(found.code, 'ENOENT');
  assert.match(found.message, /^the interpreter or loader of .*\/program does not exist\.$/);
});

test('a program that is not executable fails the spawn', async (t) => {
  const elf = Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]);
  const found = await failureOf(t, ({ file }) => ({
    program: { script: file('run', elf, 0o644) },
  }));
  assert.equal(found.code, 'EACCES');
  assert.match(found.message, /^\.\/run is not executable/);
});

test('a folder in place of a program fails the spawn', async (t) => {
  const found = await failureOf(t, ({ folder }) => {
    mkdirSync(join(folder, 'program'));
    return run(join(folder, 'program'));
  });
  assert.equal(found.code, 'EACCES');
  assert.match(found.message, /program is not executable/);
});

test('a working directory that does not exist fails the spawn', async (t) => {
  const found = await failureOf(t, () => ({
    program: { command: ['true'], directory: '/nowhere' },
  }));
  assert.equal(found.code, 'ENOENT');
  assert.match(found.message, /working directory \/nowhere does not exist/);
});

test('a missing working directory is reported even if PATH has a program that cannot be run', async (t) => {
  const found = await failureOf(t, ({ folder, file }) => {
    file('true', '', 0o644);
    return {
      program: { command: ['true'], directory: '/nowhere' },
      environment: { PATH: `${folder}:/bin:/usr/bin` },
    };
  });
  assert.equal(found.code, 'ENOENT');
  assert.match(found.message, /working directory \/nowhere does not exist/);
});

test('a NUL in an argument fails the spawn', async (t) => {
  const found = await failureOf(t, () => run('echo', 'a\0b'));
  assert.equal(found.code, 'EINVAL');
  assert.match(found.message, /there is a NUL/);
});

test('a variable beyond the limit of the system fails the spawn, and the message names it', async (t) => {
  const found = await failureOf(t, () => ({
    ...run('true'),
    environment: { HUGE: 'x'.repeat(200_000) },
  }));
  assert.equal(found.code, 'E2BIG');
  assert.match(found.message, /the variable HUGE is too large: it has 200006 bytes.* 131072 for/);
});

test('an argument beyond the limit of the system fails the spawn, and the message names it', async (t) => {
  const found = await failureOf(t, () => run('echo', 'a', 'é'.repeat(65_536)));
  assert.equal(found.code, 'E2BIG');
  assert.match(found.message, /argument 2 is too large: it has 131073 bytes/);
});

test('more variables than the system accepts fail the spawn', async (t) => {
  const names = Array.from({ length: 60 }, (_, index) => `V${index}`);
  const environment = Object.fromEntries(names.map((name) => [name, 'x'.repeat(120_000)]));
  const found = await failureOf(t, () => ({ ...run('true'), environment }));
  assert.equal(found.code, 'E2BIG');
  assert.match(found.message, /are too large.* 6 MiB.*the variable V\d+ with 12000\d bytes/);
});

test(
  'an account that this process may not switch to fails the spawn',
  { skip: whoRuns.plainUser },
  async (t) => {
    const found = await failureOf(t, () => ({ ...run('true'), user: 'root' }));
    assert.equal(found.code, 'EPERM');
    assert.match(found.message, /may not run anything as 'root'/);
  },
);

test('a runtime directory that cannot be made fails a spawn, and the next one works once it can', async (t) => {
  const { sh, file, runtime } = await rig(t);
  const inTheWay = file('runtime', 'in the way');
  assert.equal(inTheWay, runtime.path);
  for (const command of [{}, { stdout: { pipe: 'web' } }]) {
    const life = sh('exit 0', { stderr: 'ignore', ...command });
    await life.over;
    assert.deepEqual(life.told, ['unspawnable ERR_RUNTIME_DIRECTORY']);
    assert.match(life.failure?.message ?? '', /is not a folder/);
  }
  rmSync(inTheWay);
  const life = sh('exit 0', { stdout: { pipe: 'web' } });
  await life.over;
  assert.deepEqual(life.told, ['spawned', 'exited 0']);
});

test('too many open files fail a spawn, and the next one works once there are fewer', async (t) => {
  const { output, code } = await runHost('too-many-open-files', [
    ...hostOf(t),
    'sh',
    '-c',
    'ulimit -n 64; exec "$@"',
    'sh',
  ]);
  assert.equal(code, 0, output);
  assert.match(output, /unspawnable EMFILE.*too many open files/);
  assert.match(output, /then: exited 0/);
});
