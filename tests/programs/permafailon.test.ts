import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from './rig.ts';
import { by, code } from '../machine/samples.ts';
import type { ProgramAnswer } from '../../lib/model/call.ts';
import type { Exit } from '../../lib/model/exit.ts';

const web = { name: 'web', run: ['web'] };
const goesOn = { exitCode: 0 };

/** A service of which the runs ended like this, 10, 9, 8 ... seconds ago. */
function worn(...ends: readonly Exit[]): Desk {
  const desk = new Desk([web]).start();
  for (const end of ends) {
    desk.spawner.child('web').exit(end);
    desk.clock.advance(1000);
  }
  desk.clock.advance((10 - ends.length) * 1000);
  return desk;
}

function asks(desk: Desk, words: string, directory = '/svc/web'): Promise<ProgramAnswer> {
  return desk.call(`s6-permafailon ${words}`, directory);
}

function triggered(events: string): ProgramAnswer {
  return {
    exitCode: 125,
    stderr: `s6-permafailon: info: PERMANENT FAILURE triggered after ${events} seconds`,
  };
}

test('s6-permafailon exits with 125 and names the end, after so many ends within the time', async () => {
  const desk = worn(code(3), by('SIGSEGV'), code(3), code(1));
  const code3 = '2 events involving exit code 3 in the last 60';
  assert.deepEqual(await asks(desk, '60 2 3 exit 1'), triggered(code3));
  assert.deepEqual(await asks(desk, '60 3 3 exit 1'), goesOn);
  const signal11 = '2 events involving signal 11 in the last 60';
  assert.deepEqual(await asks(desk, '060 02 3,segv'), triggered(signal11));
  assert.deepEqual(await asks(desk, '60 4096 0-255'), goesOn);
});

test('s6-permafailon counts an end just within the time, and no earlier one', async () => {
  const desk = worn(code(3), code(3));
  assert.deepEqual(await asks(desk, '8 1 3'), goesOn);
  const one = '1 events involving exit code 3 in the last 9';
  assert.deepEqual(await asks(desk, '9 1 3'), triggered(one));
  assert.deepEqual(await asks(desk, '9 2 3'), goesOn);
  const both = '2 events involving exit code 3 in the last 10';
  assert.deepEqual(await asks(desk, '10 2 3'), triggered(both));
  assert.deepEqual(await asks(desk, '0 1 3'), goesOn);
});

test('s6-permafailon exits with 100 on wrong usage and on an invalid list', async () => {
  const desk = worn(code(3));
  const usage = 's6-permafailon: usage: s6-permafailon seconds deathcount statuslist prog...';
  const lines = ['', '60', '60 1', 'x 1 3', '60 x 3', '60 0 3', '-1 1 3', '4294967296 1 3'];
  for (const line of lines)
    assert.deepEqual(await asks(desk, line), { exitCode: 100, stderr: usage }, line);
  assert.deepEqual(await asks(desk, '60 1 300 exit'), {
    exitCode: 100,
    stderr: 's6-permafailon: fatal: invalid exit code',
  });
});

test('s6-permafailon applies to the service in the directory of which it is called', async () => {
  const desk = worn(code(3));
  assert.equal(await asks(desk, '60 1 3', '/etc'), 'elsewhere');
  assert.deepEqual(await asks(desk, '60 1 3', '/svc/api'), {
    exitCode: 0,
    stderr: "s6-permafailon: warning: there is no service 'api'",
  });
});
