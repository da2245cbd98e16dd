import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  finishCommand,
  hostCommand,
  runCommand,
  scriptCommand,
} from '../../../lib/machine/service/commands.ts';
import type { Command } from '../../../lib/model/program.ts';
import type { Behaviour } from '../../../lib/testing/simulation/behaviour.ts';
import {
  exit,
  hang,
  ignores,
  print,
  ready,
  sequence,
} from '../../../lib/testing/simulation/behaviour.ts';
import { FakeSpawner } from '../../../lib/testing/simulation/fake-spawner.ts';
import type { SpawnerRequest } from '../../../lib/testing/simulation/spawner-request.ts';
import { VirtualClock } from '../../../lib/testing/time/virtual-clock.ts';
import { died, finished, logged, script, service } from '../../machine/samples.ts';

/** A spawner, and everything that its children report, each with its moment. */
function rig() {
  const clock = new VirtualClock();
  const spawner = new FakeSpawner(clock);
  const told: string[] = [];
  const spawn = (command: Command) => {
    const tell = (...words: readonly unknown[]): void => {
      told.push([clock.now(), command.name, ...words].map(String).join(' '));
    };
    return spawner.spawn(command, {
      spawned: (pid) => tell('spawned', pid),
      unspawnable: ({ code, message }) => tell(code, message),
      announced: () => tell('announced'),
      printed: (stream, line) => tell(stream, line),
      exited: ({ code, signal }, leftBehind) => tell('exited', code ?? signal, leftBehind),
    });
  };
  return { clock, spawner, told, spawn };
}

const web = runCommand(service('web'), 'inherit');
const announcing = runCommand(service('web', { notificationFd: 3 }), 'inherit');
const printing = runCommand(service('web'), 'lines');
const finish = finishCommand(finished('web'), { script: '/finish' }, died, 'inherit');
const init = scriptCommand(script('10-a'), 'inherit');
const host = hostCommand({ name: 'command', run: { command: ['sh'] } });
const producer = runCommand(logged('web'), 'inherit');
const logger = runCommand(service('web/log'), 'inherit');

/** What a child with this behaviour reports within ten seconds. */
function toldBy(command: Command, behaviour: Behaviour): readonly string[] {
  const { clock, spawner, told, spawn } = rig();
  spawner.script(command.name, behaviour);
  spawn(command);
  clock.advance(10_000);
  return told;
}

// Natural behaviour

test('a service stays up, and each child has its own pid', () => {
  const { clock, told, spawn } = rig();
  spawn(web);
  spawn(runCommand(service('api'), 'inherit'));
  clock.advance(60_000);
  assert.deepEqual(told, ['0 web spawned 1001', '0 api spawned 1002']);
});

test('a script of a stage and a finish script exit with 0 when time passes', () => {
  for (const command of [init, finish]) {
    const { clock, told, spawn } = rig();
    spawn(command);
    assert.equal(told.length, 1);
    clock.advance(0);
    assert.deepEqual(told[1], `0 ${command.name} exited 0 false`);
  }
});

test('the host’s own command stays up, like a service', () => {
  assert.deepEqual(toldBy(host, {}), ['0 command spawned 1001']);
  assert.equal(toldBy(host, exit(3, 50))[1], '50 command exited 3 false');
});

test('a stop signal ends a child, CONT does not', () => {
  const { clock, told, spawn } = rig();
  const child = spawn(web);
  child.kill('SIGCONT', 'process');
  clock.advance(100);
  assert.equal(told.length, 1);
  child.kill('SIGTERM', 'process');
  assert.equal(told.length, 1, 'it exits when time passes');
  clock.advance(0);
  assert.equal(told[1], '100 web exited SIGTERM false');
});

// Behaviours

test('a child exits as its behaviour says', () => {
  assert.deepEqual(toldBy(web, exit(3)), ['0 web spawned 1001', '0 web exited 3 false']);
  assert.equal(toldBy(web, exit('SIGSEGV', 200))[1], '200 web exited SIGSEGV false');
  assert.equal(toldBy(init, exit(1, 200))[1], '200 10-a exited 1 false');
  assert.equal(toldBy(init, { after: 300 })[1], '300 10-a exited 0 false');
});

test('a child announces its readiness at the time of its behaviour', () => {
  assert.equal(toldBy(announcing, ready(200))[1], '200 web announced');
  assert.equal(toldBy(announcing, ready())[1], '0 web announced');
});

test('a child prints, then exits', () => {
  assert.deepEqual(toldBy(printing, { print: 'one\ntwo\n', ...exit(0, 50) }).slice(1), [
    '50 web stdout one',
    '50 web stdout two',
    '50 web exited 0 false',
  ]);
});

test('a child that cannot be run reports only that, and later than the request', () => {
  const { clock, spawner, told, spawn } = rig();
  spawner.script('web', { unspawnable: 'ENOENT' });
  const child = spawn(web);
  assert.deepEqual([told, spawner.alive], [[], []]);
  child.kill('SIGKILL', 'group');
  clock.advance(10_000);
  assert.deepEqual(told, ['0 web ENOENT it was refused with ENOENT.']);
});

test('a child ignores the signals of its behaviour, but never KILL', () => {
  const { clock, spawner, told, spawn } = rig();
  spawner.script('web', { ignores: ['SIGTERM', 'SIGKILL'] });
  const child = spawn(web);
  child.kill('SIGTERM', 'process');
  clock.advance(100);
  assert.equal(told.length, 1);
  child.kill('SIGKILL', 'group');
  clock.advance(0);
  assert.equal(told[1], '100 web exited SIGKILL false');
});

test('each spawn takes the next behaviour, and the last one repeats', () => {
  const { clock, spawner, told, spawn } = rig();
  spawner.script('web', [exit(1), exit(2)]);
  for (let times = 0; times < 3; times += 1) {
    spawn(web);
    clock.advance(0);
  }
  assert.deepEqual(
    told.filter((line) => line.includes('exited')),
    ['0 web exited 1 false', '0 web exited 2 false', '0 web exited 2 false'],
  );
});

test('script() replaces the behaviours of its name, and no others', () => {
  const { clock, spawner, told, spawn } = rig();
  spawner.script('web', [exit(1), exit(2)]).script('api', exit(9));
  spawn(web);
  spawner.script('web', [exit(3), exit(4)]);
  clock.advance(0);
  spawn(web);
  clock.advance(0);
  assert.deepEqual(
    told.filter((line) => line.includes('exited')),
    ['0 web exited 1 false', '0 web exited 3 false'],
  );
});

// Calls of the test

test('child() returns the living child of a name, with the signals that it was sent', () => {
  const { clock, spawner, told, spawn } = rig();
  spawn(announcing).kill('SIGHUP', 'process');
  clock.advance(0);
  spawn(announcing);
  const child = spawner.child('web');
  child.ready();
  child.kill('SIGCONT');
  assert.deepEqual([child.pid, child.signals, child.alive], [1002, ['SIGCONT'], true]);
  child.exit({ code: 7, signal: null });
  assert.deepEqual(told.slice(-2), ['0 web announced', '0 web exited 7 false']);
  assert.deepEqual([child.alive, spawner.children.length], [false, 2]);
});

test('child() throws on a name without a living child, with the living and the nearest names', () => {
  const { spawner, spawn } = rig();
  assert.throws(() => spawner.child('web'), /No child 'web' is alive\. Alive: none\./);
  spawn(init);
  spawn(finish);
  assert.throws(
    () => spawner.child('wbe/finish'),
    /alive\. Did you mean 'web\/finish'\? Alive: 10-a, web\/finish\./,
  );
  spawner.child('10-a').exit();
  assert.throws(
    () => spawner.child('10-a'),
    /alive\. It was spawned before\. Alive: web\/finish\./,
  );
});

test('a child does nothing after its exit, and leaves no alarm', () => {
  const { clock, spawner, told, spawn } = rig();
  spawner.script('web', { ...exit(1, 500), ready: true });
  spawn(announcing);
  const child = spawner.child('web');
  child.kill('SIGTERM');
  child.exit();
  child.exit();
  child.ready();
  child.print('text');
  child.kill('SIGTERM');
  assert.deepEqual([told.slice(1), clock.alarms], [['0 web exited 0 false'], 0]);
  assert.deepEqual(child.signals, ['SIGTERM']);
});

test('readiness is announced at most once, and only with a descriptor for it', () => {
  assert.deepEqual(toldBy(web, ready()), ['0 web spawned 1001']);
  const { spawner, told, spawn } = rig();
  spawn(announcing);
  spawner.child('web').ready();
  spawner.child('web').ready();
  assert.deepEqual(told.slice(1), ['0 web announced']);
});

test('output is reported only where its target is lines', () => {
  for (const command of [web, producer]) {
    const { spawner, told, spawn } = rig();
    spawn(command);
    spawner.child('web').print('text');
    assert.equal(told.length, 1);
  }
});

// Log pipes

test('a logger reads until its pipe is closed, then exits', () => {
  const { clock, spawner, told, spawn } = rig();
  spawn(logger);
  spawn(producer);
  spawner.closePipe('another');
  spawner.child('web').exit();
  clock.advance(1000);
  assert.deepEqual(spawner.alive, ['web/log']);
  spawner.closePipe('web');
  clock.advance(0);
  assert.equal(told.at(-1), '1000 web/log exited 0 false');
});

test('a logger that starts after the close of its pipe exits at once', () => {
  const { clock, spawner, told, spawn } = rig();
  spawner.closePipe('web');
  spawn(logger);
  clock.advance(0);
  assert.deepEqual(told, ['0 web/log spawned 1001', '0 web/log exited 0 false']);
});

test('a producer that starts after the close makes a new pipe', () => {
  const { clock, spawner, spawn } = rig();
  spawner.closePipe('web');
  spawn(producer);
  spawn(logger);
  clock.advance(1000);
  assert.deepEqual(spawner.alive, ['web', 'web/log']);
});

test('a logger can ignore the end of its pipe', () => {
  const { clock, spawner, spawn } = rig();
  spawner.script('web/log', { ignores: ['end-of-file'] });
  spawn(logger);
  spawner.closePipe('web');
  clock.advance(1000);
  assert.deepEqual(spawner.alive, ['web/log']);
});

test('a closed log has no end while a process writes into it', () => {
  const { clock, spawner, spawn } = rig();
  spawner.script('web', { leaves: true });
  spawn(logger);
  const child = spawn(producer);
  spawner.closePipe('web');
  clock.advance(1000);
  assert.deepEqual(spawner.alive, ['web/log', 'web'], 'its producer is alive');
  spawner.child('web').exit();
  clock.advance(1000);
  assert.deepEqual(spawner.alive, ['web/log'], 'its producer left processes behind');
  child.sweep(0, () => undefined);
  clock.advance(0);
  assert.deepEqual(spawner.alive, []);
});

test('a logger that was stopped leaves the rest to the next one, which is the last', () => {
  const { clock, spawner, spawn } = rig();
  spawn(logger).kill('SIGTERM', 'process');
  spawner.closePipe('web');
  clock.advance(0);
  for (const left of [[], ['web/log']]) {
    spawn(logger);
    clock.advance(1000);
    assert.deepEqual(spawner.alive, left);
  }
});

test('a child that cannot be run holds no pipe open', () => {
  const { clock, spawner, spawn } = rig();
  spawner.script('web', { unspawnable: 'ENOENT' });
  spawn(logger);
  spawn(producer);
  spawner.closePipe('web');
  clock.advance(0);
  assert.deepEqual(spawner.alive, []);
});

// Names

test('a script can be named with its folder, which takes precedence over its name alone', () => {
  const { clock, spawner, told, spawn } = rig();
  const [first, last] = ['init', 'finish'].map((stage) =>
    scriptCommand({ name: '10-a', run: { script: `/etc/cont-${stage}.d/10-a` } }, 'inherit'),
  );
  assert.ok(first !== undefined && last !== undefined);
  spawner.script('10-a', hang()).script('cont-finish.d/10-a', exit(1, 50));
  spawn(first);
  spawn(last);
  assert.equal(spawner.child('cont-init.d/10-a').pid, 1001);
  assert.equal(spawner.child('cont-finish.d/10-a').pid, 1002);
  assert.equal(spawner.child('10-a').pid, 1002, 'the latest');
  clock.advance(1000);
  assert.deepEqual(told.slice(2), ['50 10-a exited 1 false']);
  assert.throws(() => spawner.child('cont-nit.d/10-a'), /Did you mean 'cont-init\.d\/10-a'\?/);
});

test('spawned has the names of all children, dead or alive', () => {
  const { clock, spawner, spawn } = rig();
  for (const command of [init, web, finish]) spawn(command);
  clock.advance(0);
  assert.deepEqual(spawner.spawned, ['10-a', 'web', 'web/finish']);
});

// The listener of requests

test('heard() is called with each request before it takes effect', async () => {
  const clock = new VirtualClock();
  const heard: SpawnerRequest[] = [];
  const spawner: FakeSpawner = new FakeSpawner(clock, {
    heard: (request) => {
      heard.push(request);
      if (request.type === 'spawn') assert.deepEqual(spawner.children, []);
      if (request.type === 'kill') assert.deepEqual(spawner.child('web').signals, []);
    },
  });
  const nobody = {
    spawned: () => undefined,
    unspawnable: () => undefined,
    announced: () => undefined,
    printed: () => undefined,
    exited: () => undefined,
  };
  const child = spawner.spawn(web, nobody);
  child.kill('SIGTERM', 'group');
  clock.advance(0);
  child.sweep(70, () => undefined);
  spawner.closePipe('web');
  let ended = 0;
  spawner.sweep(80, () => (ended += 1), 'web');
  spawner.sweep(90, () => (ended += 1));
  assert.equal(ended, 2, 'a fake child never daemonizes');
  await spawner.close();
  assert.deepEqual(heard, [
    { type: 'spawn', command: web },
    { type: 'kill', name: 'web', signal: 'SIGTERM', scope: 'group' },
    { type: 'sweep', name: 'web', grace: 70 },
    { type: 'closePipe', pipe: 'web' },
    { type: 'sweepRunaways', grace: 80, pipe: 'web' },
    { type: 'sweepRunaways', grace: 90 },
    { type: 'close' },
  ]);
});

// The end

test('no process is left behind by default, and close() takes no time', async () => {
  const { spawner, spawn } = rig();
  const child = spawn(web);
  assert.equal(child.lingers(), false);
  let swept = false;
  child.sweep(1000, () => {
    swept = true;
  });
  assert.ok(swept);
  await spawner.close();
});

test('nothing is spawned after close()', async () => {
  const { clock, spawner, told, spawn } = rig();
  await spawner.close();
  spawner.script('web', sequence(ignores('SIGTERM'), print('text')));
  spawn(web);
  clock.advance(0);
  assert.deepEqual(told, ['0 web ECANCELED it was refused with ECANCELED.']);
});
