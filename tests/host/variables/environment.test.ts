import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { OptionsError } from '../../../lib/errors.ts';
import type { Problem } from '../../../lib/model/problem.ts';
import { Environment } from '../../../lib/host/variables/environment.ts';
import { mostVariables } from '../../../lib/host/variables/variable-files.ts';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';
import { unlessInCI } from '../../skipping.ts';
import { plant, testFolder, whoRuns } from '../folder.ts';

async function set(
  t: TestContext,
  initial: Record<string, string | undefined> = {},
): Promise<{
  environment: Environment;
  runtime: RuntimeDirectory;
  write: Writer;
  problems: readonly Problem[];
}> {
  const problems: Problem[] = [];
  const onProblem = (it: Problem): void => void problems.push(it);
  const runtime = new RuntimeDirectory(join(await testFolder(t), 'runtime'), onProblem);
  const environment = new Environment(runtime, initial);
  const write: Writer = (name, content) => {
    writeFileSync(join(environment.directory, name), content);
  };
  return { environment, runtime, write, problems };
}

/** Writes a file into the folder, as a script does. */
type Writer = (name: string, content: string) => void;

const all = (environment: Environment): Record<string, string> =>
  Object.fromEntries(environment.entries());

/** The names of the files of variables. */
function files({ directory }: Environment): readonly string[] {
  const names = readdirSync(directory).filter((name) => !name.startsWith('.'));
  return names.toSorted();
}

test('the environment begins with the host’s variables, and no file is written before a process starts', async (t) => {
  const { environment, runtime } = await set(t, { A: '1', EMPTY: '', UNSET: undefined });
  environment.set('B', '2');
  environment.delete('A');
  assert.deepEqual(all(environment), { EMPTY: '', B: '2' });
  assert.equal(environment.get('B'), '2');
  assert.equal(environment.get('A'), undefined);
  assert.equal(environment.directory, join(runtime.path, 'container_environment'));
  assert.equal(existsSync(runtime.path), false);
});

test('after the start each variable is a file in a folder that only root and the host’s account can read', async (t) => {
  const { environment } = await set(t, { A: '1', EMPTY: '' });
  environment.materialize();
  assert.deepEqual(files(environment), ['A', 'EMPTY']);
  assert.equal(readFileSync(join(environment.directory, 'A'), 'utf8'), '1\n');
  assert.equal(statSync(join(environment.directory, 'A')).mode & 0o777, 0o644);
  assert.equal(statSync(environment.directory).mode & 0o777, 0o700);
  assert.deepEqual(all(environment), { A: '1', EMPTY: '' });
});

test('after the start the values come from the files, at any time', async (t) => {
  const { environment, write } = await set(t, { A: '1', B: '2' });
  environment.materialize();
  write('A', 'changed');
  write('C', 'new');
  rmSync(join(environment.directory, 'B'));
  assert.deepEqual(all(environment), { A: 'changed', C: 'new' });
  assert.equal(environment.get('A'), 'changed');
  assert.equal(environment.get('B'), undefined);
  environment.set('B', 'again');
  environment.delete('A');
  environment.delete('never-there');
  assert.deepEqual(files(environment), ['B', 'C']);
  environment.materialize();
  assert.deepEqual(all(environment), { B: 'again', C: 'new' }, 'a second time changes nothing');
});

// The rules of s6-overlay 3.2.2 and later.
for (const [content, value] of [
  ['', undefined],
  ['v', 'v'],
  ['v\n', 'v'],
  ['v\n\n', 'v\n'],
  ['\n', ''],
  ['one\ntwo\n', 'one\ntwo'],
  ['a\0b', 'a\nb'],
  [' v \t', ' v \t'],
] as const) {
  test(`a file with ${JSON.stringify(content)} is ${value === undefined ? 'no variable' : JSON.stringify(value)}`, async (t) => {
    const { environment, write } = await set(t);
    environment.materialize();
    write('V', content);
    assert.equal(environment.get('V'), value);
    assert.deepEqual(all(environment), value === undefined ? {} : { V: value });
  });
}

test('a value of 5000 bytes is complete; one that is too long for a process is left out', async (t) => {
  const { environment, write } = await set(t);
  environment.materialize();
  write('LONG', 'x'.repeat(5000));
  write('ENDLESS', 'x'.repeat(128 * 1024 + 1));
  assert.deepEqual(all(environment), { LONG: 'x'.repeat(5000) });
});

test('entries that are not variables are skipped, and no read blocks', async (t) => {
  const { environment, write } = await set(t);
  environment.materialize();
  const at = (name: string): string => join(environment.directory, name);
  write('a=b', 'x');
  write('.hidden', 'x');
  mkdirSync(at('folder'));
  execFileSync('mkfifo', [at('fifo')]);
  symlinkSync(at('nowhere'), at('dangling'));
  symlinkSync(at('fifo'), at('link-to-fifo'));
  plant(join(environment.directory, '..', 'elsewhere'), 'linked\n');
  symlinkSync(join(environment.directory, '..', 'elsewhere'), at('LINK'));
  write('odd name 1', 'kept');
  assert.deepEqual(all(environment), { LINK: 'linked', 'odd name 1': 'kept' });
  for (const name of ['folder', 'fifo', 'dangling', 'a=b', '.hidden', '../elsewhere', '']) {
    assert.equal(environment.get(name), undefined, name);
  }
  environment.delete('../elsewhere');
  assert.equal(environment.get('LINK'), 'linked');
});

test('invalid names and values are rejected, before and after the start', async (t) => {
  const { environment } = await set(t);
  const tryAll = (): void => {
    for (const name of ['', 'a=b', 'a/b', 'a\0b', '.a', '..', 'x'.repeat(256)]) {
      assert.throws(() => environment.set(name, 'v'), OptionsError, name);
    }
    assert.throws(() => environment.set('A', 'a\0b'), OptionsError);
    assert.throws(() => environment.set('A', 1 as unknown as string), /must be given a string/);
  };
  tryAll();
  environment.materialize();
  tryAll();
  assert.deepEqual(files(environment), []);
});

test('names of the host’s variables that cannot be file names are left out', async (t) => {
  const { environment } = await set(t, { 'a/b': '1', '.c': '2', ['x'.repeat(256)]: '3', D: '4' });
  environment.materialize();
  assert.deepEqual(all(environment), { D: '4' });
});

test('get() returns each value as it was set', async (t) => {
  const { environment } = await set(t);
  const value = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
  const check = (): void => {
    fc.assert(
      fc.property(value, (text) => {
        const proper = Buffer.from(text).toString(); // half a character has no bytes
        environment.set('V', proper);
        assert.equal(environment.get('V'), proper);
        assert.deepEqual(all(environment), { V: proper });
      }),
    );
  };
  check();
  environment.materialize();
  check();
});

test('after the end the last values stay in memory, and the files are removed', async (t) => {
  const { environment, runtime, write } = await set(t, { A: '1' });
  environment.materialize();
  write('B', '2\n');
  environment.release();
  runtime.remove();
  assert.deepEqual(all(environment), { A: '1', B: '2' });
  environment.set('C', '3');
  assert.equal(environment.get('C'), '3');
  assert.equal(existsSync(environment.directory), false);
});

test('a removed folder is made again with the values that were read last', async (t) => {
  const { environment, write, runtime, problems } = await set(t, { A: '1' });
  environment.materialize();
  write('B', '2\n');
  assert.deepEqual(all(environment), { A: '1', B: '2' });
  const losses: readonly (() => void)[] = [
    () => assert.equal(environment.get('B'), '2'),
    () => environment.set('C', '3'),
    () => environment.materialize(),
    () => assert.deepEqual(all(environment), { A: '1', B: '2', C: '3' }),
  ];
  for (const [index, use] of losses.entries()) {
    const folder = index % 2 === 0 ? environment.directory : runtime.path;
    rmSync(folder, { recursive: true });
    use();
    assert.deepEqual(files(environment).slice(0, 2), ['A', 'B']);
    assert.equal(problems.length, index + 1, 'each loss is reported once');
    assert.equal(problems.at(-1)?.code, 'runtime-directory-restored');
  }
  assert.deepEqual(all(environment), { A: '1', B: '2', C: '3' });
});

test('files that a cleaner removes are restored beside those of scripts; a file that a script removes is not', async (t) => {
  const { environment, write, problems } = await set(t, { A: '1', B: '2', C: '3', '..D': '4' });
  environment.materialize();
  rmSync(join(environment.directory, 'A'));
  assert.deepEqual(all(environment), { B: '2', C: '3' }, 'a script has unset it');
  write('B', 'newer\n');
  for (const name of ['C', '.stagekeeper']) rmSync(join(environment.directory, name));
  assert.equal(environment.get('C'), '3');
  assert.deepEqual(all(environment), { B: 'newer', C: '3' });
  assert.deepEqual(
    problems.map(({ path }) => path),
    [environment.directory],
  );
  rmSync(join(environment.directory, 'C'));
  assert.deepEqual(all(environment), { B: 'newer' });
});

test('values that cannot be restored are still known', async (t) => {
  const { environment, runtime } = await set(t, { A: '1' });
  environment.materialize();
  rmSync(runtime.path, { recursive: true });
  plant(runtime.path, 'in the way');
  assert.equal(environment.get('A'), '1');
  assert.deepEqual(all(environment), { A: '1' });
  assert.throws(() => environment.materialize(), { code: 'ERR_RUNTIME_DIRECTORY' });
  environment.release();
  assert.deepEqual(all(environment), { A: '1' });
});

test('a value that could not be written is kept, and the write is tried again', async (t) => {
  const folder = await testFolder(t);
  plant(join(folder, 'runtime'), 'in the way');
  const environment = new Environment(new RuntimeDirectory(join(folder, 'runtime')), { A: '1' });
  assert.throws(() => environment.materialize(), { code: 'ERR_RUNTIME_DIRECTORY' });
  assert.deepEqual(all(environment), { A: '1' });
  rmSync(join(folder, 'runtime'));
  environment.materialize();
  assert.deepEqual(all(environment), { A: '1' });
  assert.deepEqual(files(environment), ['A']);
});

/** An environment in its folder, and the problems that it reports. */
async function withProblems(
  t: TestContext,
  initial: Record<string, string | undefined> = {},
): Promise<{ environment: Environment; problems: Problem[]; at: (name: string) => string }> {
  const problems: Problem[] = [];
  const runtime = new RuntimeDirectory(join(await testFolder(t), 'runtime'));
  const environment = new Environment(runtime, initial, (problem) => problems.push(problem));
  environment.materialize();
  return { environment, problems, at: (name) => join(environment.directory, name) };
}

const longest = 131_072;

/** Two values: the longest one that is possible with this name, and one that is a byte longer. */
function around(name: string): readonly [string, string] {
  const room = longest - name.length - 2;
  return ['x'.repeat(room), 'x'.repeat(room + 1)];
}

test('a variable may have 128 KiB with its name, = and NUL, in bytes; set() rejects a longer one', async (t) => {
  const { environment } = await set(t);
  const [fits, tooLong] = around('CONFIG');
  const check = (): void => {
    environment.set('CONFIG', fits);
    assert.equal(environment.get('CONFIG'), fits);
    for (const value of [tooLong, 'é'.repeat(65_536), 'x'.repeat(10_000_000)]) {
      assert.throws(() => {
        environment.set('CONFIG', value);
      }, OptionsError);
    }
    assert.equal(environment.get('CONFIG'), fits);
    assert.throws(() => {
      environment.set('HALF', '\ud83d');
    }, OptionsError);
  };
  check();
  environment.materialize();
  check();
});

test('a longer file is left out, and reported once while it stays', async (t) => {
  const { environment, problems, at } = await withProblems(t);
  const [fits, tooLong] = around('CONFIG');
  writeFileSync(at('CONFIG'), `${fits}\n`);
  assert.equal(all(environment)['CONFIG'], fits);
  for (const content of [tooLong, 'é'.repeat(65_533)]) {
    writeFileSync(at('CONFIG'), content);
    assert.deepEqual(all(environment), {});
    assert.deepEqual(all(environment), {});
    assert.equal(environment.get('CONFIG'), undefined);
  }
  truncateSync(at('CONFIG'), 2 ** 40);
  assert.deepEqual(all(environment), {});
  assert.equal(problems.length, 1);
  assert.deepEqual([problems[0]?.code, problems[0]?.path], ['variable-left-out', at('CONFIG')]);
  assert.match(
    problems[0]?.message ?? '',
    /^the variable CONFIG is left out: it is too long: .*131072/,
  );
  writeFileSync(at('CONFIG'), 'short');
  assert.deepEqual(all(environment), { CONFIG: 'short' });
  writeFileSync(at('CONFIG'), tooLong);
  assert.equal(environment.get('CONFIG'), undefined);
  assert.equal(problems.length, 2, 'reported again when it appears again');
});

test('every other entry without a value is reported, and no read blocks', async (t) => {
  const { environment, problems, at } = await withProblems(t);
  execFileSync('mkfifo', [at('FIFO')]);
  symlinkSync('FIFO', at('LINK_TO_FIFO'));
  mkdirSync(at('FOLDER'));
  symlinkSync('/', at('LINK_TO_FOLDER'));
  symlinkSync('LOOP', at('LOOP'));
  symlinkSync('nowhere', at('DANGLING'));
  symlinkSync('/dev/zero', at('ZERO'));
  writeFileSync(
    Buffer.concat([Buffer.from(`${environment.directory}/`), Buffer.from([0xff])]),
    'x',
  );
  for (const name of ['.hidden', 'a=b', 'EMPTY']) writeFileSync(at(name), '');
  assert.deepEqual(all(environment), {});
  const names = problems.map(({ path }) => path.slice(environment.directory.length + 1)).sort();
  assert.deepEqual(names, [
    'DANGLING',
    'FIFO',
    'FOLDER',
    'LINK_TO_FIFO',
    'LINK_TO_FOLDER',
    'LOOP',
    'ZERO',
    '\\xff',
    'a=b',
  ]);
  assert.deepEqual([...new Set(problems.map(({ code }) => code))], ['variable-left-out']);
});

test(
  'a folder that cannot be read is reported once, and the last values are used',
  { skip: whoRuns.plainUser },
  async (t) => {
    const { environment, problems } = await withProblems(t);
    environment.set('A', '1');
    chmodSync(environment.directory, 0o311);
    const twice = [all(environment), all(environment)];
    chmodSync(environment.directory, 0o700);
    assert.deepEqual(twice, [{ A: '1' }, { A: '1' }]);
    assert.equal(problems.length, 1);
    const [{ code, path, message } = { code: '', path: '', message: '' }] = problems;
    assert.deepEqual([code, path], ['variable-left-out', environment.directory]);
    assert.match(message, /read last are used: EACCES/);
  },
);

test('a file that cannot be read is reported', { skip: whoRuns.plainUser }, async (t) => {
  const { environment, problems, at } = await withProblems(t);
  writeFileSync(at('SECRET'), 'x', { mode: 0o000 });
  assert.equal(environment.get('SECRET'), undefined);
  assert.match(
    problems[0]?.message ?? '',
    /^the variable SECRET is left out: it cannot be read: EACCES/,
  );
});

const withoutMessages =
  whoRuns.root === false
    ? unlessInCI(!existsSync('/proc/kmsg') && 'this kernel has no /proc/kmsg')
    : whoRuns.root;
test(
  'a file of the kernel that would block a reader is left out',
  { skip: withoutMessages },
  async (t) => {
    const { environment, at } = await withProblems(t);
    writeFileSync(at('A'), 'a');
    symlinkSync('/proc/kmsg', at('KERNEL'));
    assert.equal(all(environment)['A'], 'a');
  },
);

test('a value that is not UTF-8 is used with U+FFFD and reported', async (t) => {
  const { environment, problems, at } = await withProblems(t);
  writeFileSync(at('LATIN'), Buffer.from('caf\xe9\n', 'latin1'));
  assert.deepEqual(all(environment), { LATIN: 'caf\ufffd' });
  assert.deepEqual(all(environment), { LATIN: 'caf\ufffd' });
  assert.deepEqual(
    problems.map(({ code, path }) => [code, path]),
    [['variable-not-utf8', at('LATIN')]],
  );
});

test('a variable of the host that is too long for a process is reported at the first start', async (t) => {
  const [fits, tooLong] = around('A');
  const { environment, problems } = await withProblems(t, {
    A: fits,
    B: tooLong,
    'a/b': 'x',
    '\ufffd': '',
  });
  assert.deepEqual(all(environment), { A: fits, '\ufffd': '' });
  assert.deepEqual(
    problems.map(({ message }) => message.slice(0, 30)),
    ['the variable B is left out: it', 'the variable a/b is left out: '],
  );
});

test('of many files that are left out ten are reported, and the number of the others', async (t) => {
  const { environment, problems, at } = await withProblems(t);
  for (let count = 0; count < 1000; count++) symlinkSync('nowhere', at(`V${count}`));
  all(environment);
  all(environment);
  assert.equal(problems.length, 11);
  assert.match(problems[10]?.message ?? '', /^990 more variables/);
});

test('reading stops at the size that a process can be started with', async (t) => {
  const { environment, problems, at } = await withProblems(t);
  for (let count = 0; count < 100; count++) writeFileSync(at(`V${count}`), 'x'.repeat(131_000));
  const size = Object.values(all(environment)).join('').length;
  assert.ok(size > 6 * 2 ** 20 && size < 9 * 2 ** 20, String(size));
  assert.match(problems[0]?.message ?? '', /more than a process can be started with/);
});

test('of a folder with very many variables a limited number is read, with those that were known', async (t) => {
  const { environment, problems, at } = await withProblems(t);
  const known = Object.keys(all(environment));
  environment.set('LATER', 'set by the host');
  for (let count = 0; count < mostVariables + 100; count++) writeFileSync(at(`V${count}`), 'x');
  for (let reading = 0; reading < 2; reading += 1) {
    const values = all(environment);
    assert.equal(Object.keys(values).length, mostVariables);
    for (const name of [...known, 'LATER']) assert.ok(name in values, name);
  }
  assert.deepEqual(
    problems.map(({ path, message }) => [path, message]),
    [
      [
        environment.directory,
        `the folder has more than ${mostVariables} entries; further variables are left out`,
      ],
    ],
  );
});

test('an entry with the name of the draft is not written through', async (t) => {
  const { environment, at } = await withProblems(t);
  const elsewhere = plant(join(environment.directory, '..', 'elsewhere'), 'kept');
  for (const leave of [
    () => void execFileSync('mkfifo', [at('.draft')]),
    () => symlinkSync(elsewhere, at('.draft')),
    () => mkdirSync(at('.draft')),
  ]) {
    leave();
    environment.set('A', '1');
    assert.equal(environment.get('A'), '1');
  }
  assert.equal(readFileSync(elsewhere, 'utf8'), 'kept');
});
