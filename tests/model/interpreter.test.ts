import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  headLength,
  intendedLine,
  nameElsewhere,
  onlyCommand,
  parseHead,
} from '../../lib/model/interpreter.ts';
import { cpuTimeOf } from '../processes.ts';
import type { HeadFlaw, ScriptHead } from '../../lib/model/interpreter.ts';

const head = (text: string): ScriptHead => parseHead(Buffer.from(text));

const plain = (...words: string[]): ScriptHead => ({
  kind: 'line',
  line: { words, containerEnvironment: false },
});
const contained = (...words: string[]): ScriptHead => ({
  kind: 'line',
  line: { words, containerEnvironment: true },
});
const flawed = (it: ScriptHead, flaw: HeadFlaw): ScriptHead => ({ ...it, flaw }) as ScriptHead;
const none = (flaw: HeadFlaw): ScriptHead => ({ kind: 'none', flaw });

const long = 'x'.repeat(1000);

const heads: readonly (readonly [text: string, head: ScriptHead])[] = [
  // the kernel's rules
  ['#!/bin/sh\necho', plain('/bin/sh')],
  ['#!/bin/sh', plain('/bin/sh')],
  ['#! /bin/sh\n', plain('/bin/sh')],
  ['#! \t /bin/sh \t \n', plain('/bin/sh')],
  ['#!/bin/sh -e\n', plain('/bin/sh', '-e')],
  ['#!/bin/sh \t -e  -x \t\n', plain('/bin/sh', '-e  -x')],
  ['#!/usr/bin/env bash\n', plain('/usr/bin/env', 'bash')],
  ['#!/usr/bin/env -S node --x\n', plain('/usr/bin/env', '-S node --x')],
  ['#!/usr/bin/execlineb -P\n', plain('/usr/bin/execlineb', '-P')],
  ['#!sh\n', plain('sh')],
  ['#!/bin/sh\0junk\n', plain('/bin/sh')],
  [`#!/${long} ${long}\n`, plain(`/${long}`, long)],
  ['#!/opt/Größe/sh\n', plain('/opt/Größe/sh')],
  // with-contenv, with any prefix
  ['#!/usr/bin/with-contenv sh\n', contained('sh')],
  ['#!/command/with-contenv bash\n', contained('bash')],
  ['#!/bin/with-contenv /bin/sh\n', contained('/bin/sh')],
  ['#! /usr/bin/with-contenv  bash \n', contained('bash')],
  ['#!with-contenv sh\n', contained('sh')],
  ['#!/usr/bin/with-contenv bash -e\n', contained('bash -e')],
  ['#!/usr/bin/not-with-contenv sh\n', plain('/usr/bin/not-with-contenv', 'sh')],
  ['#!/usr/bin/with-contenv\n', none('absent')],
  ['#!/usr/bin/with-contenv  \n', none('absent')],
  ['#!/usr/bin/with-contenv\r\n', none('absent')],
  // flaws that keep the kernel from running the script
  ['#!/bin/sh\r\necho\r\n', flawed(plain('/bin/sh'), 'crlf')],
  ['#!/bin/sh -e\r\n', flawed(plain('/bin/sh', '-e'), 'crlf')],
  ['#!/bin/sh \r \n', flawed(plain('/bin/sh'), 'crlf')],
  ['#!/bin/sh\r', flawed(plain('/bin/sh'), 'crlf')],
  ['#!/usr/bin/with-contenv sh\r\n', flawed(contained('sh'), 'crlf')],
  ['#!/bin/sh\necho\r\n', plain('/bin/sh')],
  ['\ufeff#!/bin/sh\n', flawed(plain('/bin/sh'), 'bom')],
  ['\ufeff#!/bin/sh\r\n', flawed(plain('/bin/sh'), 'bom')],
  ['\ufeff\n#!/bin/sh\n', flawed(plain('/bin/sh'), 'bom')],
  ['\n#!/bin/sh\n', flawed(plain('/bin/sh'), 'late')],
  [' #!/bin/sh\n', flawed(plain('/bin/sh'), 'late')],
  ['\r\n\t\n#!/usr/bin/with-contenv sh\n', flawed(contained('sh'), 'late')],
  // no interpreter line
  ['echo\n', none('absent')],
  ['# a comment\n#!/bin/sh\n', none('absent')],
  ['#\n', none('absent')],
  ['# !/bin/sh\n', none('absent')],
  ['#!\n', none('absent')],
  ['#! \t\r\n', none('absent')],
  ['\n#!\n', none('absent')],
  ['\ufeffecho\n', none('absent')],
  ['echo\n\0', none('absent')],
  ['', none('empty')],
  ['\n \t\r\n', none('empty')],
  ['\ufeff', none('empty')],
  // not text
  ['\x7fELF\x02\x01\x01\0\0\0', { kind: 'binary' }],
  ['MZ\x90\0\x03\0', { kind: 'binary' }],
];

for (const [text, expected] of heads) {
  const shown = JSON.stringify(text.replaceAll(long, 'x...'));
  test(`parseHead reads a script that begins with ${shown}`, () => {
    assert.deepEqual(head(text), expected);
  });
}

const intended: readonly (readonly [text: string, line: string, at: number, misspelt?: string])[] =
  [
    ['+212\n-0\n\n#!/usr/bin/with-contenv bash\n', '#!/usr/bin/with-contenv bash', 4],
    ['# a comment\n#!/bin/bash\n', '#!/bin/bash', 2],
    ['# a comment\r\n  #! /bin/bash -e \r\n', '#! /bin/bash -e', 2],
    ['echo hi\n#!sh\n', '#!sh', 2],
    ['É#!/usr/bin/with-contenv bash\n', '#!/usr/bin/with-contenv bash', 1],
    ['i#!/bin/sh\n', '#!/bin/sh', 1],
    ['\u200b#!/bin/sh\n', '#!/bin/sh', 1],
    ['x #!/bin/sh\n', '#!/bin/sh', 1],
    ['##!/bin/bash\n', '#!/bin/bash', 1, '##!/bin/bash'],
    [
      '!/usr/bin/with-contenv bash\n',
      '#!/usr/bin/with-contenv bash',
      1,
      '!/usr/bin/with-contenv bash',
    ],
    ['#/bin/sh\n', '#!/bin/sh', 1, '#/bin/sh'],
    ['# !/bin/sh\r\n', '#!/bin/sh', 1, '# !/bin/sh'],
    ['!#/usr/local/bin/node\n', '#!/usr/local/bin/node', 1, '!#/usr/local/bin/node'],
    ['#1/command/execlineb -P\n', '#!/command/execlineb -P', 1, '#1/command/execlineb -P'],
    ['/bin/bash\necho\n', '#!/bin/bash', 1, '/bin/bash'],
    [
      '/usr/bin/with-contenv bash\nexec app\n',
      '#!/usr/bin/with-contenv bash',
      1,
      '/usr/bin/with-contenv bash',
    ],
  ];

for (const [text, line, at, misspelt] of intended) {
  test(`intendedLine finds ${line} in ${JSON.stringify(text)}`, () => {
    const expected = { text: line, line: at, ...(misspelt !== undefined && { misspelt }) };
    assert.deepEqual(intendedLine(Buffer.from(text)), expected);
  });
}

for (const text of [
  'echo\n',
  '/usr/local/bin/tool\n',
  '/bin/sh\n',
  '/bin/sh -c "echo"\n',
  '/usr/bin/tool\nexit\n',
  '# comment\n',
  '#\n#!\n',
  'echo "#!/bin/sh" > /x\n',
  'cat > /x <<EOF\n#!/bin/sh\nEOF\n',
  '# see /bin/sh\n',
]) {
  test(`intendedLine finds none in ${JSON.stringify(text)}`, () => {
    assert.equal(intendedLine(Buffer.from(text)), undefined);
  });
}

test('onlyCommand finds the command of a script that is nothing else', () => {
  const command = (text: string): string | undefined => onlyCommand(Buffer.from(text));
  assert.equal(command('/usr/local/bin/tool\n'), '/usr/local/bin/tool');
  assert.equal(command('/opt/app/run --port=80 -v\n'), '/opt/app/run --port=80 -v');
  for (const text of ['echo\n', '/a\n/b\n', '/a && /b\n', '/a $B\n', ''])
    assert.equal(command(text), undefined);
});

test('text in UTF-16 begins with a byte order mark', () => {
  assert.deepEqual(parseHead(Buffer.from('\ufeff#!/bin/sh\n', 'utf16le')), none('bom'));
  assert.deepEqual(parseHead(Buffer.from('\ufeff#!/bin/sh\n', 'utf16le').swap16()), none('bom'));
});

test('bytes that are not UTF-8 are accepted', () => {
  assert.equal(parseHead(Buffer.from([0x23, 0x21, 0xff, 0xfe, 0x0a])).kind, 'line');
  assert.deepEqual(parseHead(Buffer.from([0xc3, 0x28, 0x0a])), none('absent'));
});

test('a head holds the longest possible path', () => {
  assert.equal(headLength, 4096);
});

test('parsing a head takes no noticeable time, whatever it contains', async () => {
  const odd = ['\n', ' ', '\r', '\ufeff', '#', '#!', '\t', '/', '# ', '#\n', '/bin/', 'x', '/ '];
  const took = await cpuTimeOf(() => {
    for (const piece of odd) {
      const bytes = Buffer.from(piece.repeat(headLength));
      parseHead(bytes);
      intendedLine(bytes);
      onlyCommand(bytes);
    }
  });
  assert.ok(took < 1000, `${took} ms`);
});

test('only a program at a path of s6-overlay may be looked up on PATH instead', () => {
  assert.equal(nameElsewhere('/command/execlineb'), 'execlineb');
  assert.equal(nameElsewhere('/package/admin/execline-2.9.6.1/command/execlineb'), 'execlineb');
  assert.equal(nameElsewhere('/usr/bin/execlineb'), 'execlineb');
  assert.equal(nameElsewhere('/bin/s6-setuidgid'), 's6-setuidgid');
  for (const one of [
    '/bin/sh',
    '/usr/bin/bash',
    '/usr/local/bin/execlineb',
    '/bin/x/s6-svc',
    'sh',
    'command/sh',
    '/commands/sh',
    '/command/',
    '/command',
  ])
    assert.equal(nameElsewhere(one), undefined, one);
});
