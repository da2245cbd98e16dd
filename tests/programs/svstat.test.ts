import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from './rig.ts';
import { exit, ready } from '../../lib/testing/simulation/behaviour.ts';

const web = { name: 'web', run: ['web'] };
const api = { name: 'api', run: ['api'], notificationFd: 3 };

test('s6-svstat prints a service that has never run, one that is up, and one that was stopped', async () => {
  const desk = new Desk([web]);
  assert.equal(
    await desk.says('s6-svstat web'),
    'down (exitcode 0) 0 seconds, normally up, ready 0 seconds',
  );
  desk.start().clock.advance(2500);
  const pid = String(desk.spawner.child('web').pid);
  assert.equal(await desk.says('s6-svstat web'), `up (pid ${pid}) 2 seconds`);
  await desk.call('s6-svc -d web');
  desk.clock.advance(1000);
  assert.equal(
    await desk.says('s6-svstat web'),
    'down (signal SIGTERM) 1 seconds, normally up, ready 1 seconds',
  );
  assert.equal(
    await desk.says('s6-svstat -n web'),
    'down (signal 15) 1 seconds, normally up, ready 1 seconds',
  );
});

test('s6-svstat prints the differences from the expected state', async () => {
  const desk = new Desk([{ ...web, down: true }]).start();
  await desk.call('s6-svc -o web');
  const pid = desk.spawner.child('web').pid;
  desk.stopped.add(pid);
  const expected = `up (pid ${String(pid)}) 0 seconds, normally down, paused, want down`;
  assert.equal(await desk.says('s6-svstat web'), expected);
});

test('s6-svstat prints a service in a delay as wanted up, and one with a running finish as not ready', async () => {
  const desk = new Desk([{ ...web, finish: ['finish'] }]);
  desk.spawner.script('web', exit(3));
  desk.spawner.script('web/finish', exit(0, 100));
  desk.start();
  assert.equal(
    await desk.says('s6-svstat web'),
    'down (exitcode 3) 0 seconds, normally up, want up',
  );
  desk.clock.advance(100);
  assert.equal(
    await desk.says('s6-svstat web'),
    'down (exitcode 3) 0 seconds, normally up, want up, ready 0 seconds',
  );
});

test('s6-svstat counts the readiness from the announcement', async () => {
  const desk = new Desk([api]);
  desk.spawner.script('api', ready(2000));
  desk.start();
  const pid = String(desk.spawner.child('api').pid);
  assert.equal(await desk.says('s6-svstat api'), `up (pid ${pid}) 0 seconds`);
  desk.clock.advance(5000);
  assert.equal(await desk.says('s6-svstat api'), `up (pid ${pid}) 5 seconds, ready 3 seconds`);
});

test('s6-svstat prints fields by name and by letter, in the requested order', async () => {
  const desk = new Desk([api]);
  desk.spawner.script('api', ready(2000));
  desk.start().clock.advance(5000);
  const pid = String(desk.spawner.child('api').pid);
  const up = await desk.says(
    's6-svstat -o up,wantedup,normallyup,ready,paused,pid,exitcode,signal,signum api',
  );
  assert.equal(up, `true true true true false ${pid} -1 NA -1`);
  assert.equal(await desk.says('s6-svstat -uwNrpest api'), `true true true true ${pid} -1 NA 5`);
  assert.equal(await desk.says('s6-svstat -o updownfor,readyfor api'), '5 3');
  await desk.call('s6-svc -Ok api');
  assert.equal(await desk.says('s6-svstat -pes -o signum api'), '-1 -1 SIGKILL 9');
});

test('s6-svstat prints moments as TAI64N labels', async () => {
  const desk = new Desk([{ ...web, down: true }]);
  // 1 700 000 000 s and the ten by which TAI is ahead, from 2^62 on.
  assert.equal(await desk.says('s6-svstat -o updownsince web'), '@400000006553f10a00000000');
  desk.start();
  desk.clock.advance(1500);
  await desk.call('s6-svc -u web');
  assert.equal(await desk.says('s6-svstat -o updownsince web'), '@400000006553f10b1dcd6500');
});

test('s6-svstat prints moments by the wall clock as it is set now, and durations regardless of it', async () => {
  const desk = new Desk([web]).start();
  desk.clock.advance(3000);
  desk.shift = 1500;
  const since = '@400000006553f10b1dcd6500';
  const line = await desk.says('s6-svstat -o updownsince,readysince,updownfor web');
  assert.equal(line, `${since} ${since} 3`);
});

test('s6-svstat exits with 1 for an unknown service, with 100 for an unknown field', async () => {
  const desk = new Desk([web]);
  const gone = await desk.call('s6-svstat nothing');
  assert.equal(gone !== 'elsewhere' && gone.exitCode, 1);
  const wrong = await desk.call('s6-svstat -o up,down web');
  assert.deepEqual(wrong, {
    exitCode: 100,
    stderr: 's6-svstat: fatal: invalid option field: down',
  });
});
