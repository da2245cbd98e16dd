import assert from 'node:assert/strict';
import { test } from 'node:test';
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
