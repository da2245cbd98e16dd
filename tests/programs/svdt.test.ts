import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from './rig.ts';
import { by, code } from '../machine/samples.ts';
import type { Exit } from '../../lib/model/exit.ts';

const web = { name: 'web', run: ['web'] };
const done = { exitCode: 0 };

/** A service of which the runs ended like this, 1.5 s apart. */
function worn(ends: readonly Exit[], more: { readonly maxDeathTally?: number } = {}): Desk {
  const desk = new Desk([{ ...web, ...more }]).start();
  for (const end of ends) {
    desk.spawner.child('web').exit(end);
    desk.clock.advance(1500);
  }
  return desk;
}

const first = '@400000006553f10a00000000';
const second = '@400000006553f10b1dcd6500';
const third = '@400000006553f10d00000000';

test('s6-svdt prints a line for each end, requested or not, the latest one last', async () => {
  const desk = worn([code(3), by('SIGSEGV')]);
  assert.deepEqual(await desk.call('s6-svc -d web'), done);
  assert.equal(
    await desk.says('s6-svdt web'),
    [`${first} exitcode 3`, `${second} signal SIGSEGV`, `${third} signal SIGTERM`].join('\n'),
  );
});

test('s6-svdt prints numbers with -s, names with -S; with -n only the latest ends', async () => {
  const desk = worn([code(0), by('SIGIO')]);
  const zero = `${first} exitcode 0`;
  assert.equal(await desk.says('s6-svdt web'), `${zero}\n${second} signal SIGPOLL`);
  assert.equal(await desk.says('s6-svdt -s web'), `${zero}\n${second} signal 29`);
  assert.equal(await desk.says('s6-svdt -sS -n 1 web'), `${second} signal SIGPOLL`);
  assert.equal(await desk.says('s6-svdt -n9 web other'), `${zero}\n${second} signal SIGPOLL`);
  assert.deepEqual(await desk.call('s6-svdt -n 0 web'), done);
});

test('s6-svdt prints nothing when nothing has ended, or when no ends are kept', async () => {
  assert.deepEqual(await new Desk([web]).call('s6-svdt web'), done);
  assert.deepEqual(await worn([code(1)], { maxDeathTally: 0 }).call('s6-svdt web'), done);
  const two = await worn([code(1), code(2), code(3)], { maxDeathTally: 2 }).says('s6-svdt web');
  assert.equal(two, `${second} exitcode 2\n${third} exitcode 3`);
});

test('s6-svdt prints moments by the wall clock as it is set now', async () => {
  const desk = worn([code(3)]);
  desk.shift = 1500;
  assert.equal(await desk.says('s6-svdt web'), `${second} exitcode 3`);
});

test('s6-svdt-clear clears the tally, but not the supervisor’s own counts', async () => {
  const desk = worn([code(1)]);
  assert.deepEqual(await desk.call('s6-svdt-clear web'), done);
  assert.deepEqual(await desk.call('s6-svdt web'), done);
  assert.equal(desk.control.unit('web')?.state.deaths, 1);
  desk.spawner.child('web').exit(code(2));
  assert.equal(await desk.says('s6-svdt web'), `${second} exitcode 2`);
});

test('s6-svdt rejects wrong usage and an unknown service, and leaves other directories to the real program', async () => {
  const desk = new Desk([web]);
  const usage = 's6-svdt: usage: s6-svdt [ -S | -s ] [ -n maxentries ] servicedir';
  for (const line of ['s6-svdt', 's6-svdt -x web', 's6-svdt -n web', 's6-svdt -nx web'])
    assert.deepEqual(await desk.call(line), { exitCode: 100, stderr: usage }, line);
  assert.deepEqual(await desk.call('s6-svdt-clear'), {
    exitCode: 100,
    stderr: 's6-svdt-clear: usage: s6-svdt-clear servicedir',
  });
  for (const program of ['s6-svdt', 's6-svdt-clear']) {
    const told = await desk.call(`${program} api`);
    assert.equal(told !== 'elsewhere' && told.exitCode, 111);
    assert.equal(await desk.call(`${program} /etc`), 'elsewhere');
  }
});
