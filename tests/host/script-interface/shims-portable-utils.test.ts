import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { execlineFolder } from '../../../lib/host/shims/programs.ts';
import { plant } from '../folder.ts';
import { shells } from '../shells.ts';
import type { Ran } from '../tools.ts';
import { tools } from '../tools.ts';

/** Expressions of s6-test and eltest, word by word, with the exit code. */
const expressions: readonly (readonly [string, number])[] = [
  ['', 1],
  ['1 -ne 0', 0],
  ['256 -ne 256', 1],
  ['010 -eq 10', 0],
  ['-5 -lt +3', 0],
  ['x -eq 3', 100],
  ['- -eq 1', 100],
  ['1 -eq 1 -o x -eq 1', 0],
  ['1 -eq 2 -a x -eq 1', 1],
  ['a = a -o a = b -a a = c', 0],
  ['( a = a -o a = b ) -a a = c', 1],
  ['! a = b', 0],
  ['! ! a', 0],
  ['! ( a -a b )', 1],
  ['a', 0],
  ['a b', 100],
  ['( a', 100],
  ['a )', 100],
  ['-n = -n', 100],
  [String.raw`\-n = \-n`, 0],
  [String.raw`\a = a`, 0],
  ['= = =', 100],
  ['abc =~ ^a.c$', 0],
  ['abc =~ ^b', 1],
  ['abc =~ [', 100],
  ['a < b', 0],
  ['B < a', 0],
  ['b <= a', 1],
  ['b > a', 0],
  ['a >= a', 0],
  ['-v HOME', 0],
  ['-v NO_SUCH_VARIABLE', 1],
  ['-e /', 0],
  ['-e /no/such/file', 1],
  ['-d / -a ! -f /', 0],
  ['-x / -a -r /', 0],
  ['-t 0', 1],
  ['-t x', 100],
  ['-s /no/such/file', 1],
  ['/no/such -nt /', 1],
  ['/no/such -ot /', 0],
  ['/ -nt /no/such', 0],
  ['/ -ef /.', 0],
];

const eltest = join(execlineFolder, 'eltest');

test(
  'the expressions of these tests have the exit codes of the real eltest',
  { skip: existsSync(eltest) ? false : 'not installed: eltest of execline' },
  () => {
    const codes = expressions.map(([text]) => {
      const words = text === '' ? [] : text.split(' ');
      return [text, spawnSync(eltest, words, { stdio: 'ignore', env: { HOME: '/' } }).status];
    });
    assert.deepEqual(codes, expressions);
  },
);

for (const { name, words: shell, skip } of shells) {
  test(`under ${name}: s6-test has the exit codes of the real one`, { skip }, async (t) => {
    const box = await tools(t, 'sh', 'grep', 'expr');
    const codes = expressions.map(([text]) => {
      const words = text === '' ? [] : text.split(' ');
      return [text, box.run(['s6-test', ...words], { shell }).code];
    });
    assert.deepEqual(codes, expressions);
    assert.equal(box.run(['s6-test', '*', '=', '*'], { shell }).code, 0);
    assert.equal(box.run(['s6-test', '', '=', 'a b'], { shell }).code, 1);
    assert.match(box.run(['s6-test', 'x', '-gt', '1'], { shell }).stderr, /^s6-test: fatal: /);
  });

  test(`under ${name}: s6-echo prints its arguments as they are`, { skip }, async (t) => {
    const box = await tools(t, 'sh');
    const said = (...args: readonly string[]): string =>
      box.run(['s6-echo', ...args], { shell }).stdout;
    assert.equal(said('a', 'b  c', String.raw`\n`), 'a b  c \\n\n');
    assert.equal(said('-n', '--', '-n', ''), '-n ');
    assert.equal(said('-ns', ':,', 'a', 'b'), 'a:b');
    assert.equal(said(), '\n');
    assert.equal(box.run(['s6-echo', '-x'], { shell }).code, 100);
  });

  test(`under ${name}: the programs for files do what the real ones do`, { skip }, async (t) => {
    const box = await tools(t, 'sh', 'mkdir', 'rm', 'ln', 'touch', 'chmod', 'cp', 'head', 'cat');
    for (const tool of ['mkfifo', 'mv', 'basename', 'dirname', 'sort', 'tr', 'seq']) box.link(tool);
    const at = (path: string): string => join(box.folder, path);
    const run = (...words: readonly string[]): Ran => box.run(words, { shell, input: 'b\na\n' });
    const works = (...words: readonly string[]): void => {
      assert.deepEqual(run(...words), { code: 0, stdout: '', stderr: '' }, words.join(' '));
    };
    works('s6-mkdir', '-p', '-m', '0750', at('a/b'));
    assert.equal(statSync(at('a/b')).mode & 0o777, 0o750);
    works('s6-touch', at('a/b/file'));
    works('s6-chmod', '0600', at('a/b/file'));
    works('s6-ln', '-s', 'file', at('a/b/link'));
    works('s6-mkfifo', '-m', '0622', at('a/fifo'));
    works('s6-hiercopy', at('a'), at('copy'));
    works('s6-hiercopy', at('a'), at('copy'));
    assert.deepEqual(readdirSync(at('copy/b')), ['file', 'link']);
    assert.equal(lstatSync(at('copy/b/link')).isSymbolicLink(), true);
    assert.equal(lstatSync(at('copy/fifo')).isFIFO(), true);
    works('s6-rename', at('copy'), at('moved'));
    works('s6-rmrf', at('moved'), at('no-such-file'));
    assert.equal(existsSync(at('moved')), false);
    assert.equal(run('s6-cat').stdout, 'b\na\n');
    assert.equal(run('s6-sort', '-r').stdout, 'b\na\n');
    assert.equal(run('s6-head', '-S', '-1').stdout, 'b\n');
    assert.equal(run('s6-basename', '-n', '/x/y.c', '.c').stdout, 'y');
    assert.equal(run('s6-dirname', '/x/y').stdout, '/x\n');
    assert.equal(run('s6-seq', '3').stdout, '1\n2\n3\n');
    assert.deepEqual([run('s6-true').code, run('s6-false').code], [0, 1]);
  });

  test(`under ${name}: s6-ls and s6-linkname print names`, { skip }, async (t) => {
    const box = await tools(t, 'sh', 'ls', 'readlink');
    const folder = join(box.folder, 'listed');
    for (const file of ['a b', '-n', '.hidden', String.raw`100%s\n`]) plant(join(folder, file), '');
    symlinkSync('a b', join(folder, 'link'));
    const said = (...words: readonly string[]): string => box.run(words, { shell }).stdout;
    const sorted = (text: string, end = '\n'): readonly string[] =>
      text.split(end).filter(Boolean).toSorted();
    const shown = ['-n', String.raw`100%s\n`, 'a b', 'link'];
    assert.deepEqual(sorted(said('s6-ls', folder)), shown);
    assert.deepEqual(sorted(said('s6-ls', '-0a', folder), '\0'), [
      '-n',
      '.hidden',
      ...shown.slice(1),
    ]);
    assert.deepEqual(sorted(said('s6-ls', '-A', '-x', 'a b', '--', folder)).slice(0, 3), [
      '-n',
      '.',
      '..',
    ]);
    assert.deepEqual(
      sorted(said('s6-ls', '-x', 'a b', folder)),
      shown.filter((it) => it !== 'a b'),
    );
    assert.equal(box.run(['s6-ls', join(folder, 'none')], { shell }).code, 111);
    assert.equal(box.run(['s6-ls'], { shell }).code, 100);
    assert.equal(said('s6-linkname', '-n', join(folder, 'link')), 'a b');
    assert.equal(said('s6-linkname', '-f', join(folder, 'link')), `${join(folder, 'a b')}\n`);
  });

  test(
    `under ${name}: s6-sleep sleeps, then executes its program; s6-pause waits for a signal`,
    { skip },
    async (t) => {
      const box = await tools(t, 'sh', 'sleep', 'cat');
      const ran = box.run(['s6-sleep', '-m', '5', 'sh', '-c', 'echo "$1"', 'x', 'a  b'], { shell });
      assert.deepEqual(ran, { code: 0, stdout: 'a  b\n', stderr: '' });
      assert.equal(box.run(['s6-sleep', 'x', 'true'], { shell }).code, 100);
      box.fake('tail', 'echo "tail $*"');
      assert.equal(box.run(['s6-pause'], { shell }).stdout, 'tail -f /dev/null\n');
      box.fake('tail', 'kill -s TERM "$PPID"; exec cat /proc/self/comm >/dev/null');
      assert.equal(box.run(['s6-pause', '-t'], { shell }).code, 0);
    },
  );

  test(
    `under ${name}: s6-dumpenv writes the environment where it can be read again`,
    { skip },
    async (t) => {
      const box = await tools(t, 'sh', 'mkdir', 'chmod', 'awk');
      const folder = join(box.folder, 'dump');
      const variables = { GREETING: 'two\nlines', EMPTY: '', ODD: String.raw`back\slash "%s"` };
      box.run(['s6-dumpenv', '-m', '0700', '--', folder], { shell, variables });
      const values = Object.keys(variables).map((name) => readFileSync(join(folder, name), 'utf8'));
      assert.deepEqual(
        values,
        Object.values(variables).map((value) => `${value}\n`),
      );
      assert.equal(statSync(folder).mode & 0o777, 0o700);
    },
  );
}

test('a real program that is installed runs instead, and its own folder by another name is not taken for one', async (t) => {
  const box = await tools(t, 'sh');
  symlinkSync(box.shims, join(box.folder, 'command'));
  const variables = {
    PATH: `${box.shims}:${join(box.folder, 'command')}:${join(box.folder, 'tools')}`,
  };
  assert.equal(box.run(['s6-echo', 'a'], { variables }).stdout, 'a\n');
  plant(join(box.folder, 'real/s6-echo'), '#!/bin/sh\necho real\n');
  const more = { PATH: `${variables.PATH}:${join(box.folder, 'real')}` };
  assert.equal(box.run(['s6-echo', 'a'], { variables: more }).stdout, 'real\n');
  const byOtherName = spawnSync(join(box.folder, 'command/s6-echo'), ['a'], {
    env: more,
    encoding: 'utf8',
  });
  assert.equal(byOtherName.stdout, 'real\n');
});
