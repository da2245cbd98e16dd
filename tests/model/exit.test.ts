import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import {
  describeExit,
  exitCodeOf,
  isSuccess,
  parseSignal,
  signalNumber,
} from '../../lib/model/exit.ts';

test('only an exit with code 0 is a success', () => {
  assert.equal(isSuccess({ code: 0, signal: null }), true);
  assert.equal(isSuccess({ code: 1, signal: null }), false);
  assert.equal(isSuccess({ code: null, signal: 'SIGTERM' }), false);
});

test('the exit code of a signal is 128 plus its number', () => {
  assert.equal(exitCodeOf({ code: 0, signal: null }), 0);
  assert.equal(exitCodeOf({ code: 255, signal: null }), 255);
  assert.equal(exitCodeOf({ code: null, signal: 'SIGKILL' }), 137);
  assert.equal(exitCodeOf({ code: null, signal: 'SIGTERM' }), 143);
  assert.equal(exitCodeOf({ code: null, signal: null }), 0);
});

test('describeExit names the code or the signal', () => {
  assert.equal(describeExit({ code: 3, signal: null }), 'exited with code 3');
  assert.equal(describeExit({ code: null, signal: 'SIGHUP' }), 'was ended by SIGHUP');
});

test('parseSignal accepts every form that s6 accepts', () => {
  for (const text of ['SIGTERM', 'TERM', 'term', 'sigterm', 'Term', '15', '015']) {
    assert.equal(parseSignal(text), 'SIGTERM', text);
  }
  assert.equal(parseSignal('hup'), 'SIGHUP');
  assert.equal(parseSignal('10'), 'SIGUSR1');
  const seconds = ['SIGPOLL', 'iot', 'CLD'].map(parseSignal);
  assert.deepEqual(seconds, ['SIGIO', 'SIGABRT', 'SIGCHLD'], 'synonyms');
});

test('parseSignal rejects what names no signal', () => {
  for (const text of [
    '',
    '0',
    '32',
    '99',
    '-9',
    '1.0',
    'SIG',
    'constructor',
    'SIGSIGTERM',
    'TERM ',
    'FOO',
  ]) {
    assert.equal(parseSignal(text), undefined, text);
  }
});

test(
  'the signal numbers are those of Linux',
  { skip: process.platform !== 'linux' && 'other systems have different numbers' },
  () => {
    for (const [name, number] of Object.entries(constants.signals)) {
      if (['SIGIOT', 'SIGPOLL', 'SIGUNUSED'].includes(name)) continue; // synonyms
      assert.equal(signalNumber(name as NodeJS.Signals), number, name);
      assert.equal(parseSignal(String(number)), name);
    }
  },
);

test('a signal that Linux does not have has the number 0', () => {
  assert.equal(signalNumber('SIGINFO'), 0);
});
