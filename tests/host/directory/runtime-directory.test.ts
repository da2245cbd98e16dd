import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Problem } from '../../../lib/model/problem.ts';
import { Mark } from '../../../lib/host/directory/mark.ts';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';
import { unlessInCI } from '../../skipping.ts';
import { leaveMark, plant, testFolder, whoRuns } from '../folder.ts';

const noNamespace =
  whoRuns.root === false
    ? unlessInCI(spawnSync('unshare', ['-m', 'true']).status !== 0 && 'no mount namespaces here')
    : whoRuns.root;

test('the private directory is made on demand with mode 0711, and removed with its entries', () => {
  const runtime = new RuntimeDirectory();
  assert.match(basename(runtime.path), /^stagekeeper-[0-9a-f]{16}$/);
  assert.equal(existsSync(runtime.path), false);
  assert.equal(runtime.inUse, false);

  const folder = runtime.makeFolder('things');
  assert.equal(folder, join(runtime.path, 'things'));
  assert.equal(statSync(runtime.path).mode & 0o777, 0o711);
  assert.deepEqual([runtime.isPrivate, runtime.folderMode], [true, 0o700]);
  assert.equal(runtime.inUse, true);
  plant(join(runtime.path, 'of-a-script'), 'x');

  assert.deepEqual(runtime.remove(), []);
  assert.equal(existsSync(runtime.path), false);
  assert.equal(runtime.inUse, false);
  assert.deepEqual(runtime.remove(), [], 'a second time nothing is left to do');
});

test('one that cannot be removed while descriptors run out is told, and can be used again', async (t) => {
  const host = fileURLToPath(new URL('full-table-host.ts', import.meta.url));
  const command = ['node', '--import', 'tsx', host, await testFolder(t)];
  const { stdout, stderr } = spawnSync('sh', ['-c', 'ulimit -n 100; exec "$@"', 'sh', ...command], {
    encoding: 'utf8',
  });
  assert.notEqual(stdout, '', stderr);
  const { problems, ...rest } = JSON.parse(stdout) as Record<string, string[]>;
  assert.deepEqual(rest, { left: ['.stagekeeper', 'bin'], finally: [] });
  assert.equal(problems?.length, 1);
  assert.match(problems[0] ?? '', /cannot be removed: EMFILE/);
});

test('holds() is true only for entries that were made in this run', async (t) => {
  for (const runtime of [new RuntimeDirectory(), new RuntimeDirectory(await testFolder(t))]) {
    assert.equal(runtime.holds('things'), false);
    runtime.makeFolder('things');
    assert.equal(runtime.holds('things'), true);
    runtime.remove();
    runtime.makeFolder('others');
    assert.equal(runtime.holds('things'), false);
    runtime.remove();
  }
});

test('two private directories have different paths', () => {
  assert.notEqual(new RuntimeDirectory().path, new RuntimeDirectory().path);
});

test('in a given directory, only the entries that the library made are removed', async (t) => {
  const given = await testFolder(t);
  plant(join(given, 'mine'), 'keep');
  const runtime = new RuntimeDirectory(given);
  runtime.makeFolder('things');
  runtime.makePrivateFolder('more-');
  assert.equal(readdirSync(given).length, 4, 'the mark, too');
  assert.deepEqual(runtime.remove(), []);
  assert.deepEqual(readdirSync(given), ['mine']);
});

test('a given directory that does not exist is made, and removed at the end if it is empty', async (t) => {
  const parent = await testFolder(t);
  const given = join(parent, 'deep', 'down');
  const runtime = new RuntimeDirectory(given);
  runtime.makeFolder('things');
  assert.equal(statSync(given).mode & 0o777, 0o755);
  assert.deepEqual([runtime.isPrivate, runtime.folderMode], [false, 0o700]);
  assert.deepEqual(runtime.remove(), []);
  assert.equal(existsSync(given), false);

  const again = new RuntimeDirectory(given);
  again.makeFolder('things');
  plant(join(given, 'of-a-script'), 'x');
  assert.deepEqual(again.remove(), []);
  assert.deepEqual(readdirSync(given), ['of-a-script']);
});

test('the entries that the mark of a killed run names are removed, and no others', async (t) => {
  const folder = await testFolder(t);
  const [given, outside] = [join(folder, 'given'), plant(join(folder, 'outside/kept'), 'x')];
  for (const name of ['bin/old', 'pipes-1/1', 'control/x', 'src/app.ts'])
    plant(join(given, name), 'x');
  symlinkSync(dirname(outside), join(given, 'services'));
  symlinkSync(dirname(outside), join(given, 'bin/link'));
  leaveMark(given, 'bin', 'pipes-1', 'control', 'services', 'gone');
  const runtime = new RuntimeDirectory(given);
  runtime.makeFolder('bin');
  assert.deepEqual(readdirSync(given).toSorted(), ['.stagekeeper', 'bin', 'src']);
  assert.deepEqual(readdirSync(join(given, 'bin')), []);
  assert.equal(readFileSync(outside, 'utf8'), 'x', 'no link is followed');
  assert.deepEqual(runtime.remove(), []);
  assert.deepEqual(readdirSync(given), ['src']);
});

const reserved = [
  'basedir',
  'bin',
  'container_environment',
  'control',
  'env-stage3',
  'replies',
  'services',
];

for (const name of reserved) {
  for (const [what, make] of [
    ['folder', (path: string) => void plant(join(path, 'mine'), 'x')],
    ['file', (path: string) => void plant(path, 'x')],
    ['link that leads nowhere', (path: string) => symlinkSync('nowhere', path)],
  ] as const) {
    test(`a ${what} of the name ${name} that is not in the mark is rejected, and left unchanged`, async (t) => {
      const given = await testFolder(t);
      make(join(given, name));
      const before = readdirSync(given, { recursive: true });
      const refusal = { reason: 'occupied', path: join(given, name), message: new RegExp(name) };
      assert.throws(() => new RuntimeDirectory(given).take(), refusal);
      leaveMark(given, 'pipes-1');
      plant(join(given, 'pipes-1/1'), '');
      assert.throws(() => new RuntimeDirectory(given).take(), refusal, 'beside a mark, too');
      rmSync(join(given, name), { recursive: true });
      const runtime = new RuntimeDirectory(given);
      runtime.take();
      assert.deepEqual(readdirSync(given), ['.stagekeeper']);
      runtime.remove();
      make(join(given, name));
      assert.deepEqual(readdirSync(given, { recursive: true }), before);
    });
  }
}

test('one error names all entries that are in the way', async (t) => {
  const given = await testFolder(t);
  for (const name of reserved) plant(join(given, name), '');
  assert.throws(
    () => new RuntimeDirectory(given).take(),
    ({ message }: Error) => reserved.every((name) => message.includes(join(given, name))),
  );
});

test('an entry that appears later under a needed name is rejected, too', async (t) => {
  const given = await testFolder(t);
  const runtime = new RuntimeDirectory(given);
  runtime.take();
  const kept = plant(join(given, 'etc/kept'), 'x');
  assert.throws(() => runtime.makeFolder('etc'), { reason: 'occupied', path: join(given, 'etc') });
  assert.deepEqual(runtime.remove(), []);
  assert.equal(readFileSync(kept, 'utf8'), 'x');
});

test('a directory that other accounts may write to or own is rejected before anything is made', async (t) => {
  const parent = await testFolder(t);
  const given = join(parent, 'open', 'below');
  mkdirSync(join(parent, 'open'));
  chmodSync(join(parent, 'open'), 0o777);
  const refusal = { reason: 'untrusted', path: join(parent, 'open') };
  assert.throws(() => new RuntimeDirectory(given).take(), refusal);
  assert.throws(() => new RuntimeDirectory(join(parent, 'open')).take(), refusal);
  assert.deepEqual(readdirSync(join(parent, 'open')), []);
  chmodSync(join(parent, 'open'), 0o1777);
  const runtime = new RuntimeDirectory(given);
  runtime.take();
  assert.deepEqual(runtime.remove(), []);
});

test('of two in one process the first one holds the directory; the second one changes nothing in it', async (t) => {
  const given = join(await testFolder(t), 'new');
  const [first, second] = [new RuntimeDirectory(given), new RuntimeDirectory(given)];
  const path = first.makeFolder('things');
  plant(join(path, 'one'), '');
  assert.throws(() => second.take(), { reason: 'taken', path: given });
  assert.throws(() => second.makeFolder('things'), { reason: 'taken' });
  assert.deepEqual(second.remove(), []);
  assert.deepEqual([second.inUse, readdirSync(path)], [false, ['one']]);
  assert.deepEqual(first.remove(), []);
  assert.equal(existsSync(given), false);
  second.take();
  assert.deepEqual(second.remove(), []);
});

test('a removed entry is reported once, made again on demand, and removed at the end', async (t) => {
  for (const given of [undefined, join(await testFolder(t), 'given')]) {
    const problems: Problem[] = [];
    const runtime = new RuntimeDirectory(given, (it) => problems.push(it));
    runtime.makeFolder('things');
    rmSync(runtime.path, { recursive: true });
    assert.equal(runtime.holds('things'), false);
    runtime.take();
    runtime.take();
    assert.equal(runtime.holds('things'), false);
    runtime.makeFolder('things');
    assert.deepEqual(
      problems.map(({ code, path }) => [code, path]),
      [['runtime-directory-restored', runtime.path]],
    );
    rmSync(join(runtime.path, 'things'), { recursive: true });
    runtime.makeFolder('things');
    assert.equal(problems[1]?.path, join(runtime.path, 'things'), 'one entry alone, likewise');
    assert.equal(statSync(runtime.path).mode & 0o777, given === undefined ? 0o711 : 0o755);
    assert.deepEqual(runtime.remove(), []);
    assert.equal(existsSync(runtime.path), false);
  }
});

test(
  'an entry that another account has made under the name is not touched',
  { skip: whoRuns.root },
  () => {
    const runtime = new RuntimeDirectory();
    runtime.take();
    const { path } = runtime;
    const end = (): void => rmSync(path, { recursive: true, force: true });
    rmSync(path, { recursive: true });
    try {
      plant(join(path, 'kept'), 'x');
      chownSync(path, 54_321, 54_321);
      assert.throws(() => runtime.take(), { reason: 'untrusted', path });
      end();
      symlinkSync('/nowhere', path);
      assert.throws(() => runtime.take(), { reason: 'untrusted', path });
      assert.deepEqual(runtime.remove(), []);
      assert.equal(lstatSync(path).isSymbolicLink(), true);
    } finally {
      end();
    }
  },
);

test('nothing is removed from a directory that another supervisor has taken', async (t) => {
  const given = await testFolder(t);
  const runtime = new RuntimeDirectory(given);
  runtime.makeFolder('things');
  rmSync(join(given, '.stagekeeper'));
  const other = new Mark(given);
  other.take();
  assert.throws(() => runtime.take(), { reason: 'taken' });
  assert.deepEqual(runtime.remove(), []);
  assert.deepEqual(readdirSync(given).toSorted(), ['.stagekeeper', 'things']);
  other.release();
});

test('a private folder is accessible to the host’s account only, under a unique name', async (t) => {
  const given = await testFolder(t);
  mkdirSync(join(given, 'pipes-'));
  const runtime = new RuntimeDirectory(given);
  const one = runtime.makePrivateFolder('pipes-');
  assert.notEqual(one, runtime.makePrivateFolder('pipes-'));
  assert.equal(statSync(one).mode & 0o777, 0o700);
  runtime.remove();
  assert.deepEqual(readdirSync(given), ['pipes-']);
});

test('a failure to make an entry throws the reason', async (t) => {
  const given = plant(join(await testFolder(t), 'file'), 'text');
  const runtime = new RuntimeDirectory(join(given, 'below'));
  assert.throws(() => runtime.makeFolder('things'), { reason: 'unusable', message: /ENOTDIR/ });
  assert.deepEqual(runtime.remove(), []);
  assert.equal(readFileSync(given, 'utf8'), 'text');
});

test('a path with a colon is refused, since PATH cannot name a folder in it', async (t) => {
  const given = join(await testFolder(t), 'a:b');
  const runtime = new RuntimeDirectory(given);
  assert.throws(() => runtime.take(), { reason: 'unusable', path: given, message: /has a colon/ });
  assert.equal(existsSync(given), false);
});

test('an entry that cannot be removed is a problem', { skip: whoRuns.plainUser }, async (t) => {
  const given = await testFolder(t);
  const runtime = new RuntimeDirectory(given);
  runtime.makeFolder('things');
  chmodSync(given, 0o500);
  const [found] = runtime.remove();
  chmodSync(given, 0o700);
  assert.equal(found?.code, 'runtime-directory');
  assert.equal(found.path, given);
  const next = new RuntimeDirectory(given);
  next.take();
  assert.deepEqual(readdirSync(given), ['.stagekeeper'], 'the next one removes it');
  assert.deepEqual(next.remove(), []);
});

test('an entry at a claimed name is removed at the end', async (t) => {
  const given = await testFolder(t);
  const runtime = new RuntimeDirectory(given);
  assert.equal(runtime.claim('control'), join(given, 'control'));
  plant(join(given, 'control'), 'new');
  assert.equal(runtime.claim('control'), join(given, 'control'));
  assert.equal(existsSync(join(given, 'control')), false);
  plant(join(given, 'control'), 'newer');
  plant(join(given, 'mine'), 'keep');
  runtime.remove();
  assert.deepEqual(readdirSync(given), ['mine']);
});

test('the mark of a killed process names the entries that the next one removes', async (t) => {
  const given = join(await testFolder(t), 'given');
  const module = JSON.stringify(
    new URL('../../../lib/host/directory/runtime-directory.ts', import.meta.url).href,
  );
  const text = `import(${module}).then(({ RuntimeDirectory }) => {
    const runtime = new RuntimeDirectory(${JSON.stringify(given)});
    runtime.makeFolder('things');
    process.kill(process.pid, 'SIGKILL');
  })`;
  const { signal } = spawnSync(process.execPath, ['--import', 'tsx', '-e', text]);
  assert.equal(signal, 'SIGKILL');
  assert.deepEqual(readdirSync(given).toSorted(), ['.stagekeeper', 'things']);
  plant(join(given, 'mine'), 'keep');
  const runtime = new RuntimeDirectory(given);
  runtime.take();
  assert.deepEqual(readdirSync(given).toSorted(), ['.stagekeeper', 'mine']);
  rmSync(join(given, 'mine'));
  assert.deepEqual(runtime.remove(), []);
  assert.equal(existsSync(given), false, 'the killed one has made it');
});

test(
  'variables may be read by others in /run/s6 alone, by whatever link it is named',
  {
    skip: noNamespace,
  },
  () => {
    const module = JSON.stringify(
      new URL('../../../lib/host/directory/runtime-directory.ts', import.meta.url).href,
    );
    const text = `import(${module}).then(({ RuntimeDirectory }) => {
    const modes = ['/run/s6', '/var/run/s6', '/run/link', '/run/other/s6', '/run/s6/deeper'].map((path) => {
      const runtime = new RuntimeDirectory(path);
      runtime.take();
      const { folderMode } = runtime;
      runtime.remove();
      return folderMode.toString(8);
    });
    console.log(modes.join(' '));
  })`;
    const mounts =
      'mount -t tmpfs none /run; mount -t tmpfs none /var; ln -s /run /var/run; mkdir /run/s6; ln -s s6 /run/link; exec "$@"';
    const node = [process.execPath, '--import', 'tsx', '-e', text];
    const words = ['-m', 'sh', '-ec', mounts, 'sh', ...node];
    const { stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8' });
    assert.equal(stdout.trim(), '755 755 755 700 700', stderr);
  },
);
