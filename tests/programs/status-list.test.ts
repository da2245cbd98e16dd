import assert from 'node:assert/strict';
import { test } from 'node:test';
import { by, code } from '../machine/samples.ts';
import { statusList } from '../../lib/programs/status-list.ts';

const ends = {
  ...Object.fromEntries([0, 1, 3, 7, 139, 255].map((number) => [String(number), code(number)])),
  SEGV: by('SIGSEGV'),
  TERM: by('SIGTERM'),
  IO: by('SIGIO'),
};

/** Which of these ends a list matches, or the error in it. */
function means(list: string): string {
  const matches = statusList(list);
  if ('flaw' in matches) return matches.flaw;
  const meant = Object.entries(ends).filter(([, exit]) => matches(exit));
  return meant.map(([name]) => name).join(' ');
}

/** As s6 2.11 reads them. */
const lists: Readonly<Record<string, string>> = {
  '': '',
  '3': '3',
  '003': '3',
  '1,3;7 255\t0\n\r': '0 1 3 7 255',
  '3,,, ;7': '3 7',
  '0-2': '0 1',
  '3-3': '3',
  '0-255': '0 1 3 7 139 255 SEGV TERM IO',
  '139': '139 SEGV',
  '143': 'TERM',
  SIGSEGV: 'SEGV',
  segv: 'SEGV',
  SigTerm: 'TERM',
  SIG11: 'SEGV',
  sig015: 'TERM',
  '11': '',
  SIGPOLL: 'IO',
  IO: 'IO',
  'CLD,IOT,SIG64': '',
  '7SIGSEGV': '7 SEGV',
  '3,SIGSEGV': '3 SEGV',
  ',3': 'invalid status list specification',
  ' 3': 'invalid status list specification',
  SIG: 'invalid status list specification',
  SIGFOO: 'invalid status list specification',
  SIGSIGSEGV: 'invalid status list specification',
  SIG11x: 'invalid status list specification',
  'SIGSEGV-3': 'invalid status list specification',
  'SIGRTMIN+3': 'invalid status list specification',
  '-3': 'invalid status list specification',
  '1-2-3': 'invalid status list specification',
  '3 - 4': 'invalid status list specification',
  '3.5': 'invalid status list specification',
  '3/1': 'invalid status list specification',
  '3 bogus': 'invalid status list specification',
  '256': 'invalid exit code',
  '1-300': 'invalid exit code',
  '99999999999': 'invalid exit code',
  '3-1': 'invalid interval',
  '3-': 'invalid interval specification',
  '1-x': 'invalid interval specification',
  '3--4': 'invalid interval specification',
  SIG0: 'invalid signal',
  SIG32: 'invalid signal',
  SIG65: 'invalid signal',
};

test('statusList reads codes, ranges and signals, and reports an error in s6’s words', () => {
  const found = Object.keys(lists).map((list) => [list, means(list)]);
  assert.deepEqual(Object.fromEntries(found), lists);
});
