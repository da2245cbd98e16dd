import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { shimsFolder } from '../../../lib/host/script-interface/shims.ts';
import { lastOnPath } from '../last-on-path.ts';
import { rig } from '../rig.ts';
import type { Rig } from '../rig.ts';
import { findProgram, shells, without } from '../shells.ts';

/** Files as scripts may write them; `text` has the edge cases. */
const files: Readonly<Record<string, string>> = {
  PLAIN: 'value\n',
  WITHOUT_NEWLINE: 'value',
  UNSET: '',
  EMPTY: '\n',
  NEWLINES: '\n\n\n',
  LINES: ' first\n\n  third\\\n\tfourth \n\n',
  LINES_WITHOUT_NEWLINE: 'first\nsecond',
  QUOTES: `it's "quoted" \`id\` $(id) $HOME \${HOME} \\ \\n * ? [a] ~ # ! & ; | < >\n`,
  BLANKS: ' \t blanks \t \n',
  UNICODE: 'é ß € 😀\n',
  'a.b': 'dots\n',
  '1x': 'digit\n',
  'with blank': 'blank\n',
  '-i': 'dash\n',
  '*': 'star\n',
  'a=b': 'no name\n',
  '.hidden': 'hidden\n',
  STAGEKEEPER_RUNTIME: '/elsewhere\n',
  LONG: `${'0123456789'.repeat(500)}\n`,
  _name: 'ours?\n',
  IFS: '/\n',
  PS4: 'x\n',
};

const copyOfEnvironment = ['cp', '/proc/self/environ'] as const;

function environmentIn(path: string): string[] {
  return readFileSync(path, 'latin1').split('\0').sort();
}

function plantFiles({ environment }: Rig, content = files): void {
  environment.materialize();
  for (const [name, text] of Object.entries(content)) {
    writeFileSync(join(environment.directory, name), text);
  }
  mkdirSync(join(environment.directory, 'folder'));
  symlinkSync('PLAIN', join(environment.directory, 'LINK'));
  symlinkSync('nowhere', join(environment.directory, 'DANGLING'));
}

/** The environment that a script with `with-contenv` in its interpreter line gets. */
async function givenByTheSpawner({ start, file, folder }: Rig): Promise<string[]> {
  const copy = join(folder, 'spawner');
  const write = `require('fs').writeFileSync('${copy}', require('fs').readFileSync('/proc/self/environ'))`;
  const script = file('script', `#!/usr/bin/with-contenv ${process.execPath}\n${write}\n`);
  await start({ program: { script } }).over;
  return environmentIn(copy);
}

for (const { name, words, skip } of shells) {
  test(
    `under ${name} a program gets what a script gets that names it (case 75)`,
    { skip },
    async (t) => {
      const set = await rig(t);
      const { start, folder, runtime } = set;
      plantFiles(set);
      const shim = join(shimsFolder(runtime), 'with-contenv');
      const copy = join(folder, 'copied');
      const life = start({
        program: { command: [...words, shim, ...copyOfEnvironment, copy] },
        environment: { EXTRA: 'gone', PLAIN: 'gone', TZ: 'gone' },
      });
      assert.deepEqual(await life.over, { code: 0, signal: null }, life.told.join('\n'));
      const got = environmentIn(copy);
      assert.deepEqual(got, await givenByTheSpawner(set));
      assert.ok(got.includes('LINES= first\n\n  third\\\n\tfourth \n'));
      assert.ok(got.includes('LINK=value') && got.includes('-i=dash') && got.includes('1x=digit'));
      assert.ok(!got.some((one) => /^(UNSET|EXTRA|TZ|folder|\.hidden|a|DANGLING)=/.test(one)));
    },
  );

  test(`under ${name} every byte is passed on`, { skip }, async (t) => {
    const { start, folder, runtime, environment } = await rig(t);
    environment.materialize();
    const bytes = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1));
    writeFileSync(join(environment.directory, 'BYTES'), bytes);
    writeFileSync(join(environment.directory, 'MANY'), '0123456 89\n'.repeat(1000));
    writeFileSync(join(environment.directory, 'LC_ALL'), 'C.UTF-8');
    const copy = join(folder, 'copy');
    const shim = join(shimsFolder(runtime), 'with-contenv');
    const life = start({ program: { command: [...words, shim, ...copyOfEnvironment, copy] } });
    await life.over;
    const got = environmentIn(copy);
    assert.ok(got.includes(`BYTES=${bytes.toString('latin1')}`));
    assert.ok(got.includes(`MANY=${'0123456 89\n'.repeat(1000).slice(0, -1)}`));
    assert.ok(got.includes('LC_ALL=C.UTF-8'));
  });

  test(
    `under ${name} a file that is longer than any variable is passed over, however long`,
    {
      skip,
    },
    async (t) => {
      const { start, folder, runtime, environment } = await rig(t);
      environment.materialize();
      const room = 131_072 - 'FITS='.length - 1;
      writeFileSync(join(environment.directory, 'FITS'), 'x'.repeat(room));
      writeFileSync(join(environment.directory, 'OVER'), 'x'.repeat(room + 1));
      writeFileSync(join(environment.directory, 'SPARSE'), 'x');
      truncateSync(join(environment.directory, 'SPARSE'), 2 ** 40);
      symlinkSync('/proc/kmsg', join(environment.directory, 'KERNEL'));
      const copy = join(folder, 'copy');
      const shim = join(shimsFolder(runtime), 'with-contenv');
      const life = start({ program: { command: [...words, shim, ...copyOfEnvironment, copy] } });
      assert.deepEqual(await life.over, { code: 0, signal: null }, life.told.join('\n'));
      const names = new Set(environmentIn(copy).map((one) => one.replace(/=.*/s, '')));
      assert.ok(names.has('FITS'));
      for (const absent of ['OVER', 'SPARSE', 'KERNEL']) assert.ok(!names.has(absent), absent);
    },
  );

  test(
    `under ${name} the arguments are unchanged, and the exit codes are those of env`,
    { skip },
    async (t) => {
      const { start, runtime, file, environment, folder } = await rig(t);
      const run = async (...args: readonly string[]): Promise<readonly string[]> => {
        const shim = join(shimsFolder(runtime), 'with-contenv');
        const life = start({ program: { command: [...words, shim, ...args] } });
        const exit = await life.over;
        return [String(exit?.code), ...life.lines];
      };
      const print = 'printf "%s|" "$0" "$@" "$PATH"';
      const path = `${shimsFolder(runtime)}:${environment.get('PATH')}${lastOnPath}`;
      assert.deepEqual(await run('sh', '-c', print, 'a b', '*', '', '$x', 'c=d'), [
        '0',
        `a b|*||$x|c=d|${path}|`,
      ]);
      file('a=b', '#!/bin/sh\necho "it $*"\n');
      assert.deepEqual(await run(`${folder}/a=b`, 'c=d'), ['0', 'it c=d']);
      assert.deepEqual(await run('sh', '-c', 'exit 7'), ['7']);
      assert.deepEqual(await run(`${folder}/nothing`), ['127']);
      assert.deepEqual(await run(file('data', 'text', 0o644)), ['126']);
      assert.deepEqual(await run(), ['100']);
      environment.delete('PATH');
      assert.deepEqual(await run('sh', '-c', 'env | grep -c ^PATH='), ['1', '0']);
    },
  );
}

test('with-contenv is on the PATH, and keeps the pid', async (t) => {
  const { sh } = await rig(t, { variables: { FOO: 'bar' } });
  const life = sh(
    `with-contenv sh -c 'echo "$FOO" & wait'; echo $$; exec with-contenv sh -c 'echo $$'`,
  );
  await life.over;
  assert.deepEqual(life.lines, ['bar', String(life.pid), String(life.pid)]);
});

test('scripts that keep no environment get it through with-contenv', async (t) => {
  const { sh, runtime } = await rig(t, { keepEnvironment: false, variables: { FOO: 'bar' } });
  const life = sh('echo "$FOO"; exec with-contenv sh -c \'echo "$FOO $STAGEKEEPER_RUNTIME"\'');
  await life.over;
  assert.deepEqual(life.lines, ['', `bar ${runtime.path}`]);
});

test('the latest changes take effect', async (t) => {
  const { sh } = await rig(t);
  const life = sh(
    'echo new > "$STAGEKEEPER_RUNTIME/container_environment/FOO"; exec with-contenv sh -c \'echo "$FOO"\'',
  );
  await life.over;
  assert.deepEqual(life.lines, ['new']);
});

test('without the folder nothing is run, and the message gives the reason', async (t) => {
  const { sh } = await rig(t);
  const life = sh(`rm -r "$STAGEKEEPER_RUNTIME/container_environment"; exec with-contenv echo ran`);
  assert.deepEqual(await life.over, { code: 111, signal: null });
  assert.deepEqual(life.lines, []);
  assert.match(life.told.join('\n'), /with-contenv: fatal: unable to read .*container_environment/);
});

test(
  's6-envdir reads the same values from the same files',
  { skip: without('s6-envdir') },
  async (t) => {
    // Without PATH, which differs on purpose.
    const set = await rig(t, { variables: { PATH: '' } });
    plantFiles(set);
    const { sh, folder, environment } = set;
    rmSync(join(environment.directory, 'folder'), { recursive: true });
    rmSync(join(environment.directory, 'DANGLING'));
    rmSync(join(environment.directory, 'STAGEKEEPER_RUNTIME'));
    const copy = `${findProgram('cp')} /proc/self/environ`;
    const life = sh(
      `env -i "$(command -v s6-envdir)" -Lf -- ${environment.directory} ${copy} ${folder}/theirs &&
     exec "$STAGEKEEPER_RUNTIME/bin/with-contenv" ${copy} ${folder}/ours`,
      { environment: { PATH: process.env['PATH'] ?? '' } },
    );
    assert.deepEqual(await life.over, { code: 0, signal: null }, life.told.join('\n'));
    const values = environmentIn(`${folder}/ours`);
    assert.deepEqual(
      values.filter((one) => !one.startsWith('STAGEKEEPER_RUNTIME=')),
      environmentIn(`${folder}/theirs`),
    );
  },
);
