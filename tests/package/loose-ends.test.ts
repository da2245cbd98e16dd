import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looseEnds } from './loose-ends.ts';

const packages = ['koffi', '@scope/name'];

test('looseEnds() finds every import of a file or package that is not there', () => {
  const refused: readonly (readonly [path: string, text: string, name: string])[] = [
    ['dist/a.js', "import './b.js'", 'dist/b.js'],
    ['dist/a.js', "export * from '../c.js'", 'c.js'],
    ['dist/a.js', "void import('../../c.js')", '../c.js'],
    ['dist/a.js', "import './types.js'", 'dist/types.js'],
    ['dist/a.js', "import { z } from 'zod/mini'", 'zod/mini'],
    ['dist/a.js', "import 'fs'", 'fs'],
    ['dist/a.js', "import 'koffi-more'", 'koffi-more'],
    ['dist/a.js', "import '@scope/other'", '@scope/other'],
    ['dist/a.js', "const quote = /['\"`]/; const zod = require2('zod')", 'zod'],
    ['dist/a.d.ts', "import './b.ts'", 'dist/b.d.ts'],
    ['dist/a.d.ts', "export type * from './code.js'", 'dist/code.d.ts'],
    ['dist/a.d.ts', "export type A = import('zod').A", 'zod'],
    ['dist/a.d.ts', "import zod = require('zod')", 'zod'],
    ['dist/a.d.ts', '/// <reference path="b.d.ts" />', 'dist/b.d.ts'],
    ['dist/a.d.ts', '/// <reference types="zod" />', 'zod'],
  ];
  const others = { 'dist/types.d.ts': '', 'dist/code.js': '' };
  for (const [path, text, name] of refused) {
    const found = looseEnds({ ...others, [path]: text }, packages);
    assert.deepEqual(found, [`${path} imports ${name}, which is not there`], text);
  }
});

test('looseEnds() accepts imports of files and packages that are there', () => {
  const texts = {
    'package.json': '{}',
    'README.md': "import './nothing.js'",
    'dist/a.js': `import './b/c.js'; import '../package.json' with { type: 'json' };
      import 'koffi/x'; import '@scope/name/x'; import 'node:fs'; // import 'zod'`,
    'dist/b/c.js': "import '../a.js'; export const text = \"import 'zod'\"",
    'dist/a.d.ts': "/// <reference path='b/c.d.ts' />\nimport './b/c.ts'; import './b/c.js'",
    'dist/b/c.d.ts': "export * from '../a.d.ts'; export type K = import('koffi').K",
  };
  assert.deepEqual(looseEnds(texts, packages), []);
});
