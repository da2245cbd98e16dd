/*
 * The tables of the README on the differences from s6 have a row for everything that s6 has.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fields } from '../../lib/loader/fields.ts';
import { findProgram } from '../host/shells.ts';
import { unlessInCI } from '../skipping.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The first cells of the table under a heading of the section on s6. */
function rowsOf(heading: string): readonly string[] {
  const [, section = ''] = readme.split('\n## s6 and this library\n');
  const [, rest = ''] = section.split(`\n### ${heading}\n`);
  const [table = ''] = rest.split('\n#');
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  assert.ok(rows.length > 10, heading);
  return rows.map((line) => line.split('|')[1] ?? '');
}

/** The option letters in a row of commands. */
function lettersIn(row: string): readonly string[] {
  return [...row.matchAll(/-(\w)\b/g)].map(([, letter]) => letter ?? '');
}

const commands = rowsOf('Commands');
const s6 = findProgram('s6-svc');
const skip = unlessInCI(
  s6 === undefined && 's6 is not installed: there is nothing to compare the tables with',
);

/** The options of a program of s6, from its usage. */
function optionsOf(program: string): readonly string[] {
  const { stderr } = spawnSync(program, { encoding: 'utf8' });
  const [, letters = ''] = /\[ -(\w{5,}) \]/.exec(stderr) ?? [];
  assert.notEqual(letters, '', stderr);
  return letters.split('');
}

test('each command of s6-svc has a row', { skip }, () => {
  const rows = commands.filter((row) => row.trim().startsWith('`-'));
  const told = new Set(rows.flatMap(lettersIn));
  assert.deepEqual(
    optionsOf('s6-svc').filter((letter) => !told.has(letter)),
    [],
  );
});

test('each command of s6-svscanctl has a row', { skip }, () => {
  const rows = commands.filter((row) => row.includes('`s6-svscanctl'));
  const told = new Set(rows.flatMap((row) => lettersIn(row.replace('s6-svscanctl', ''))));
  assert.deepEqual(
    optionsOf('s6-svscanctl').filter((letter) => !told.has(letter)),
    [],
  );
});

test('each program of s6 for services is named', { skip }, () => {
  const programs = readdirSync(dirname(s6 ?? '')).filter((name) =>
    /^s6-(sv|supervise|permafailon|instance-)/.test(name),
  );
  assert.ok(programs.length > 10, programs.join(' '));
  const named = commands.join(' ');
  const isNamed = (name: string): boolean =>
    new RegExp(`\`${name}\\b|\`${name.replace(/.*(-\w+)$/, '$1')}\``).test(named);
  const unnamed = programs.filter((name) => name !== 's6-svc' && !isNamed(name));
  assert.deepEqual(unnamed, []);
});

test('each control file has a row', () => {
  const named = rowsOf('Control files').join(' ');
  const files = ['run', 'finish', 'log/', 'nosetsid', 'data/', 'env/', 'type', ...fields.keys()];
  assert.deepEqual(
    files.filter((file) => !named.includes(`\`${file}\``)),
    [],
  );
});
