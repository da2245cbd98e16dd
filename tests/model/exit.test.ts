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

test('only code 0 is success', () => {
  assert.equal(isSuccess({ code: 0, signal: null }), true);
  assert.equal(isSuccess({ code: 1, signal: null }), false);
  assert.equal(isSuccess({ code: null, signal: 'SIGTERM' }), false);
});

test('the exit code of a signal is 128 and its number', () => {
  assert.equal(exitCodeOf({ code: 0, signal: null }), 0);
  assert.equal(exitCodeOf({ code: 255, signal: null }), 255);
  assert.equal(exitCodeOf({ code: null, signal: 'SIGKILL' }), 137);
  assert.equal(exitCodeOf({ code: null, signal: 'SIGTERM' }), 143);
  assert.equal(exitCodeOf({ code: null, signal: null }), 0);
});

test('an exit in words', () => {
  assert.equal(describeExit({ code: 3, signal: null }), 'exited with code 3');
  assert.equal(describeExit({ code: null, signal: 'SIGHUP' }), 'was ended by SIGHUP');
});

test('a signal is named in any way that s6 takes', () => {
  for (const text of ['SIGTERM', 'TERM', 'term', 'sigterm', 'Term', '15', '015']) {
    assert.equal(parseSignal(text), 'SIGTERM', text);
  }
  assert.equal(parseSignal('hup'), 'SIGHUP');
  assert.equal(parseSignal('10'), 'SIGUSR1');
  const seconds = ['SIGPOLL', 'iot', 'CLD'].map(parseSignal);
  assert.deepEqual(seconds, ['SIGIO', 'SIGABRT', 'SIGCHLD'], 'second names');
});

test('what names no signal is none', () => {
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
  'the numbers are those of Linux',
  { skip: process.platform !== 'linux' && 'other systems have numbers of their own' },
  () => {
    for (const [name, number] of Object.entries(constants.signals)) {
      if (['SIGIOT', 'SIGPOLL', 'SIGUNUSED'].includes(name)) continue; // second names
      assert.equal(signalNumber(name as NodeJS.Signals), number, name);
      assert.equal(parseSignal(String(number)), name);
    }
  },
);

test('a signal that Linux does not have has no number', () => {
  assert.equal(signalNumber('SIGINFO'), 0);
});
