import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileSpec } from '../../lib/loader/files/literal-files.ts';
import { literalFiles } from '../../lib/loader/files/literal-files.ts';
import { load } from '../../lib/loader/load.ts';
import { fine, loadLiteral, smallHost, warnings } from './trees.ts';

type Case = readonly [what: string, spec: string | FileSpec, code: string | null, says?: RegExp];

const cases: readonly Case[] = [
  ['without fault', fine, null],
  ['without fault, behind a link', { link: '../elsewhere' }, null],
  ['that asks for the container environment', '#!/usr/bin/with-contenv sh\n', null],
  ['that is looked up by env', '#!/usr/bin/env sh\n', null],
  ['that gives env options', '#!/usr/bin/env -S none such\n', null],
  ['that gives env variables', '#!/usr/bin/env A=b none\n', null],
  ['of s6-overlay v3 with its interpreter elsewhere', '#!/command/sh -e\n', null],
  ['that names the package of its interpreter', '#!/package/admin/x-1/command/sh\n', null],
  ['that is a program', '\x7fELF\x01\0', null],
  ['that is not executable', { content: fine, mode: 0o644 }, 'not-executable', /its interpreter/],
  ['with CRLF', '#!/bin/sh\r\n', 'interpreter-crlf', /CRLF/],
  ['with a byte order mark', '\ufeff#!/bin/sh\n', 'interpreter-bom', /byte order mark/],
  ['with a blank line first', '\n#!/bin/sh\n', 'interpreter-late', /before its interpreter/],
  ['without interpreter', 'echo\n', 'interpreter-absent', /sh runs it/],
  ['with with-contenv alone', '#!/usr/bin/with-contenv\n', 'interpreter-absent', /sh runs it/],
  ['that is empty', '', 'script-empty', /is empty/],
  ['with a missing interpreter', '#!/bin/none\n', 'interpreter-missing', /"\/bin\/none"/],
  [
    'with one nowhere',
    '#!/command/none\n',
    'interpreter-missing',
    /"\/command\/none".* nor .* PATH/,
  ],
  ['with one not on PATH', '#!/usr/bin/with-contenv none\n', 'interpreter-missing', /"none".*PATH/],
  ['with none for env', '#!/usr/bin/env none\n', 'interpreter-missing', /"none".*on PATH/],
  ['with missing env', '#!/opt/env sh\n', 'interpreter-missing', /"\/opt\/env"/],
  ['with two words', '#!/usr/bin/with-contenv sh -e\n', 'interpreter-missing', /one word/],
  ['that is a folder', { folder: true }, 'script-is-a-folder', /is a folder/],
  ['that is a dangling link', { link: 'nowhere' }, 'link-dangling', /leads nowhere/],
  ['that is a link to itself', { link: '10-it' }, 'link-loop', /back to itself/],
];

for (const [what, spec, code, says] of cases) {
  test(`a script ${what} ${code === null ? 'is accepted' : `is reported: ${code}`}, and kept`, async () => {
    const files = { 'cont-init.d/10-it': spec, elsewhere: fine };
    const { tree, problems } = await loadLiteral(files);
    assert.deepEqual(tree.init, [{ name: '10-it', run: { script: '/tree/cont-init.d/10-it' } }]);
    if (code === null) {
      assert.deepEqual(problems, []);
      return;
    }
    const [problem, ...more] = problems;
    assert.deepEqual(more, []);
    assert.equal(problem?.code, code);
    assert.equal(problem.severity, 'warning');
    assert.equal(problem.path, '/tree/cont-init.d/10-it');
    const ofALine = code.startsWith('interpreter-') || code === 'script-empty';
    assert.equal(problem.line, ofALine ? 1 : undefined);
    assert.match(problem.message, /^"10-it" /);
    assert.match(problem.message, says ?? / /);
    assert.match(problem.remedy ?? '', /^[A-Z].*[^ ]$/);
  });
}

const misplaced: readonly (readonly [text: string, line: number, says: RegExp, remedy: RegExp])[] =
  [
    ['+212\n\n#!/bin/sh\n', 3, /before its interpreter line "#!\/bin\/sh".*sh runs it$/, /^Remove/],
    ['# comment\n#!/bin/sh\n', 2, /before its interpreter line/, /^Remove what is before it/],
    ['É#!/bin/sh\n', 1, /before its interpreter line/, /^Remove what is before it/],
    [
      '##!/bin/sh\n',
      1,
      /begins with "##!\/bin\/sh", which is no/,
      /^Let its first line be #!\/bin\/sh$/,
    ],
    ['!/bin/sh\n', 1, /begins with "!\/bin\/sh"/, /^Let its first line be #!\/bin\/sh$/],
    ['/opt/tool -x\n', 1, /names no interpreter/, /: #!\/bin\/sh, and then exec \/opt\/tool -x$/],
    [
      '#!/bin/with-contenv\n',
      1,
      /after "#!\/bin\/with-contenv"/,
      /as in #!\/bin\/with-contenv sh$/,
    ],
    [
      'echo\n',
      1,
      /names no interpreter; sh runs it$/,
      /^Begin it with a line such as #!\/bin\/sh\.$/,
    ],
  ];

for (const [text, line, says, remedy] of misplaced) {
  test(`a script that begins with ${JSON.stringify(text)} is told with the line that it should have`, async () => {
    const { problems } = await loadLiteral({ 'cont-init.d/10-it': text });
    const [problem, ...more] = problems;
    assert.deepEqual([problem?.code, problem?.line, more], ['interpreter-absent', line, []]);
    assert.match(problem?.message ?? '', says);
    assert.match(problem?.remedy ?? '', remedy);
  });
}

test('one script may have several faults', async () => {
  const files = { 'cont-init.d/a': { content: '#!/bin/none\r\n', mode: 0o600 } };
  assert.deepEqual(await warnings(files), [
    'not-executable cont-init.d/a',
    'interpreter-crlf cont-init.d/a:1',
    'interpreter-missing cont-init.d/a:1',
  ]);
});

test('a script that only its owner may execute is executable', async () => {
  assert.deepEqual(await warnings({ 'cont-init.d/a': { content: fine, mode: 0o700 } }), []);
});

test("a relative interpreter is looked up from the script's own folder", async () => {
  const asked: string[] = [];
  const finds = (program: string, folder: string): boolean =>
    asked.push(`${program} in ${folder}`) > 0;
  await load('/tree', literalFiles({ 'cont-init.d/a': '#!./tool\n' }), { ...smallHost, finds });
  assert.deepEqual(asked, ['./tool in /tree/cont-init.d']);
});
