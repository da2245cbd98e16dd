/*
 * The state table: every command in every state, once and twice in one call, and its effect.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lifecycle } from '../../lib/machine/service/lifecycle.ts';
import type { LifecycleInput } from '../../lib/machine/service/service-state.ts';
import { conform } from './conform.ts';
import { rows } from './state-table-rows.ts';
import { casesOf, goesOf } from './state-table.ts';

const cases = rows.flatMap(casesOf);

conform('the state table', cases);

/** The letters of each command of the machine; empty for an input that is no command. */
const lettersOf: Readonly<Record<LifecycleInput['type'], string>> = {
  ...{ start: 'u', once: 'oO', stop: 'd', restart: 'r', signal: 'tk' },
  ...{
    drain: '',
    shorten: '',
    forget: '', // s6-svdt-clear
    spawned: '',
    unspawnable: '',
    announced: '',
    exited: '',
    deadline: '',
  },
};

test('the table has each command in each state, once and twice (cases 33, 35 and 36)', () => {
  const letters = Object.values(lettersOf).join('').split('');
  const wanted = letters.flatMap((letter) => [letter, letter + letter]);
  for (const state of Object.keys(lifecycle)) {
    const ofState = rows.filter((row) => row.state === state && row.how === undefined);
    const given = new Set(ofState.flatMap(goesOf));
    const missing = wanted.filter((go) => !given.has(go));
    assert.deepEqual(missing, [], state);
  }
});

test('no cell is in the table twice', () => {
  const titles = cases.map(({ title }) => title);
  const again = titles.filter((title, index) => titles.indexOf(title) !== index);
  assert.deepEqual(again, []);
});

test('every input of the machine is known to be a command or not', () => {
  const taken = Object.values(lifecycle).flatMap((inputs) => Object.keys(inputs));
  const unknown = taken.filter((input) => !(input in lettersOf));
  assert.deepEqual(unknown, []);
});
