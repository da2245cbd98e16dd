import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { OptionsError } from '../../../lib/index.ts';
import type { ProblemCode } from '../../../lib/index.ts';
import { check, treeOf, writeTree } from '../../../lib/testing/index.ts';
import { fine, short, temporaryFolder } from '../../loader/trees.ts';

const faulty = {
  'cont-init.d/10-windows': '#!/bin/sh\r\n',
  'services.d/web/run': '#!/no/such/interpreter\n',
  'services.d/web/timeout-kill': 'soon',
  'services.d/db/down': '',
};

test('a valid tree has no problems', async (context) => {
  const folder = temporaryFolder(context);
  await writeTree(folder, { 'services.d/web/run': fine });
  assert.deepEqual(await check(folder), []);
  assert.deepEqual(await check(new URL(`file://${folder}`)), []);
  assert.deepEqual(await check({ 'services.d/web/run': fine }), []);
  assert.deepEqual(await check(treeOf({ 'services.d/web/run': fine })), []);
  assert.deepEqual(await check({ services: [{ name: 'web', run: ['web'] }] }), []);
});

test('check() returns every problem of a folder, on this machine or on any', async (context) => {
  const folder = temporaryFolder(context);
  await writeTree(folder, faulty);
  const found = async (host?: boolean): Promise<readonly string[]> => {
    const problems = await check(folder, host === undefined ? {} : { host });
    return problems.map(short).map((text) => text.replace(`${folder}/`, ''));
  };
  const anywhere = [
    'interpreter-crlf cont-init.d/10-windows:1',
    'run-missing services.d/db/run',
    'value-invalid services.d/web/timeout-kill',
  ];
  const here = anywhere.toSpliced(2, 0, 'interpreter-missing services.d/web/run:1');
  assert.deepEqual(await found(), here);
  assert.deepEqual(await found(true), here);
  assert.deepEqual(await found(false), anywhere);
});

test('a literal is checked without a machine', async () => {
  const codes = (await check(faulty)).map(({ code }) => code);
  assert.deepEqual(codes, ['interpreter-crlf', 'run-missing', 'value-invalid']);
  const onThisOne = (await check(faulty, { host: true })).map(({ code }) => code);
  assert.ok(onThisOne.includes('interpreter-missing'));
});

test('an error that leaves nothing to run is returned like any other problem', async () => {
  const severities = async (source: Parameters<typeof check>[0]): Promise<readonly string[]> =>
    (await check(source)).map(({ code, severity }) => `${severity} ${code}`);
  assert.deepEqual(await severities('/nowhere/at/all'), ['error root-missing']);
  assert.deepEqual(await severities({ 'no/stage': '' }), ['error no-stage']);
  assert.deepEqual(await severities({ 'services.d/../x': '' }), ['error tree-invalid']);
  const twice = { services: ['web', 'web'].map((name) => ({ name, run: ['web'] })) };
  assert.deepEqual(await severities(twice), ['error duplicate-name']);
});

test('problems with an ignored code are left out', async () => {
  const codes = async (ignore: readonly ProblemCode[]): Promise<readonly string[]> =>
    (await check(faulty, { ignore })).map(({ code }) => code);
  assert.deepEqual(await codes([]), ['interpreter-crlf', 'run-missing', 'value-invalid']);
  assert.deepEqual(await codes(['run-missing', 'value-invalid']), ['interpreter-crlf']);
  assert.deepEqual(await codes(['interpreter-crlf', 'run-missing', 'value-invalid']), []);
  assert.deepEqual(await check({ 'no/stage': '' }, { ignore: ['no-stage'] }), []);
});

for (const [what, options, message] of [
  [
    'a code with a typing error',
    { ignore: ['not-executible', 'xyz'] },
    /not exist:\n {2}no problem has the code 'not-executible'\. Did you mean 'not-executable'\?\n {2}no problem has the code 'xyz'\.$/,
  ],
  ['a code alone', { ignore: 'not-executable' }, /^ignore: expected an array of codes/],
  ['a code that is no string', { ignore: [7] }, /no problem has the code 7\.$/],
  ['a name that every object has', { ignore: ['toString'] }, /the code 'toString'/],
  ['an unknown option', { ingore: [] }, /no option is named 'ingore'\. Did you mean 'ignore'\?$/],
] as const) {
  test(`check() rejects ${what}`, async () => {
    await assert.rejects(check(faulty, options as never), (error) => {
      assert.ok(error instanceof OptionsError, String(error));
      assert.match(error.message, message);
      return true;
    });
  });
}

/** What `String()` makes of a value. */
function textOf(value: unknown): string {
  return String(value);
}

test('the problems have one line each as text, and compare as plain data', async () => {
  const problems = await check(faulty);
  const lines = textOf(problems).split('\n');
  assert.deepEqual(lines, problems.map(textOf));
  assert.match(
    lines[1] ?? '',
    /^\/tree\/services\.d\/db\/run: "run" is missing: .* \(run-missing\) /,
  );
  assert.deepEqual(inspect(problems).split('\n'), lines);
  assert.equal(textOf(await check({ 'services.d/web/run': fine })), '');
  assert.deepEqual(problems, JSON.parse(JSON.stringify(problems)));
  assert.throws(
    () => assert.equal(textOf(problems), ''),
    (error) =>
      error instanceof Error && lines.every((line) => error.message.includes(line.slice(0, 40))),
  );
});
