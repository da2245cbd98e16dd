import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand, scriptCommand } from '../../../lib/machine/service/commands.ts';
import { parseSignal } from '../../../lib/model/exit.ts';
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
import { VirtualClock } from '../../../lib/testing/time/virtual-clock.ts';
import { script, service } from '../../machine/samples.ts';

const web = runCommand(service('web', { notificationFd: 3 }), 'lines');
const init = scriptCommand(script('web'), 'lines');

/** A child with this behaviour, and everything that it reports, each with its moment. */
function child(behaviour: Behaviour = {}, command: Command = web) {
  const clock = new VirtualClock();
  const spawner = new FakeSpawner(clock).script('web', behaviour);
  const told: string[] = [];
  const tell = (...words: readonly unknown[]): void => {
    told.push([clock.now(), ...words].map(String).join(' '));
  };
  spawner.spawn(command, {
    spawned: () => undefined,
    unspawnable: ({ code }) => tell(code),
    announced: () => tell('announced'),
    printed: (stream, line) => tell(stream, line),
    exited: ({ code, signal }, leftBehind) => tell('exited', code ?? signal, leftBehind),
  });
  const [it] = spawner.children;
  assert.ok(it !== undefined);
  return { clock, told, it };
}

// Steps

test('each step counts from the step before', () => {
  const { clock, told } = child(sequence(ready(50), print('hello'), exit(1, 200)));
  clock.advance(1000);
  assert.deepEqual(told, ['50 announced', '50 stdout hello', '250 exited 1 false']);
});

test('one step calls does, prints, announces and exits, in this order', () => {
  const order: string[] = [];
  const does = (): void => void order.push(...told, 'does');
  const { clock, told } = child({ ...exit(0, 20), ...print('text'), ready: true, after: 20, does });
  clock.advance(19);
  assert.deepEqual(order, []);
  clock.advance(1);
  assert.deepEqual(order, ['does']);
  assert.deepEqual(told, ['20 stdout text', '20 announced', '20 exited 0 false']);
});

test('a script exits after its last step; a service stays up', () => {
  const steps = sequence(print('a', 10), print('b', 10));
  const [aScript, aService] = [child(steps, init), child(steps)];
  for (const { clock } of [aScript, aService]) clock.advance(1000);
  assert.equal(aScript.told.at(-1), '20 exited 0 false');
  assert.equal(aService.told.at(-1), '20 stdout b');
});

test('a hanging script exits by a signal only, and sets no alarm', () => {
  const { clock, told, it } = child(sequence(print('a', 10), hang()), init);
  clock.advance(10);
  assert.deepEqual([clock.alarms, it.alive], [0, true]);
  it.kill('SIGTERM');
  clock.advance(0);
  assert.equal(told.at(-1), '10 exited SIGTERM false');
});

test('a child takes no step after its exit', () => {
  const { clock, told, it } = child(sequence({ after: 10, does: () => it.exit() }, print('never')));
  clock.advance(1000);
  assert.deepEqual([told, clock.alarms], [['10 exited 0 false'], 0]);
});

test('a child prints on stderr too, in a behaviour and in a call', () => {
  const { clock, told, it } = child({ print: 'one\ntwo', stream: 'stderr' });
  clock.advance(0);
  it.print('three', 'stderr');
  it.print('four');
  assert.deepEqual(told, ['0 stderr one', '0 stderr two', '0 stderr three', '0 stdout four']);
});

test('output that goes elsewhere is not reported, on stdout or stderr', () => {
  const { told, it } = child({}, { ...web, stderr: 'ignore' });
  it.print('lost', 'stderr');
  it.print('heard');
  assert.deepEqual(told, ['0 stdout heard']);
});

// Signals

/** The signals of Linux, by number. */
const all = Array.from({ length: 31 }, (_, index) => parseSignal(String(index + 1)));

const harmless = 'CHLD CONT STOP TSTP TTIN TTOU URG WINCH'.split(' ').map((name) => `SIG${name}`);

test('every signal ends a child, except those without a deadly default action', () => {
  const survived = all.filter((signal) => {
    assert.ok(signal !== undefined);
    const { clock, told, it } = child();
    it.kill(signal);
    clock.advance(0);
    if (!it.alive) assert.deepEqual(told, [`0 exited ${signal} false`]);
    return it.alive;
  });
  assert.deepEqual(survived.toSorted(), harmless);
});

test('STOP stops a child; the stop signals of a terminal do not, in a session of its own', () => {
  for (const signal of ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const) {
    const { it } = child(ignores('SIGSTOP'));
    it.kill(signal);
    assert.equal(it.stopped, signal === 'SIGSTOP', signal);
  }
});

test('a signal that Linux lacks has no effect', () => {
  const { clock, told, it } = child();
  it.kill('SIGBREAK');
  clock.advance(100);
  assert.deepEqual(told, []);
});

test('a stopped child does nothing; what was due meanwhile happens at CONT', () => {
  const { clock, told, it } = child(sequence(ready(10), print('late', 10), exit(0, 10)));
  it.kill('SIGSTOP');
  clock.advance(1000);
  assert.deepEqual([told, it.stopped], [[], true]);
  it.kill('SIGCONT');
  assert.equal(it.stopped, false);
  clock.advance(1000);
  assert.deepEqual(told, ['1000 announced', '1010 stdout late', '1020 exited 0 false']);
});

test('calls of the test wait for CONT too', () => {
  const { clock, told, it } = child();
  it.kill('SIGSTOP');
  it.ready();
  it.print('text');
  it.exit({ code: 3, signal: null });
  assert.deepEqual(told, []);
  it.kill('SIGCONT');
  clock.advance(0);
  assert.deepEqual(told, ['0 announced', '0 stdout text', '0 exited 3 false']);
});

test('pending signals take effect before everything else, the lowest number first', () => {
  const { clock, told, it } = child(exit(0, 10));
  for (const signal of ['SIGSTOP', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const) it.kill(signal);
  clock.advance(100);
  assert.deepEqual(told, []);
  it.kill('SIGCONT');
  clock.advance(0);
  assert.deepEqual(told, ['100 exited SIGHUP false']);
});

test('an ignored signal does not become pending', () => {
  const { clock, it } = child(ignores('SIGTERM'));
  for (const signal of ['SIGSTOP', 'SIGTERM', 'SIGCONT'] as const) it.kill(signal);
  clock.advance(100);
  assert.equal(it.alive, true);
});

test('KILL takes effect in a stopped child at once, from the supervisor and from outside', () => {
  const { clock, told, it } = child();
  it.kill('SIGSTOP');
  it.kill('SIGKILL');
  clock.advance(0);
  assert.deepEqual([told, it.stopped], [['0 exited SIGKILL false'], false]);
  const other = child();
  other.it.kill('SIGSTOP');
  other.it.exit({ code: null, signal: 'SIGKILL' });
  assert.deepEqual(other.told, ['0 exited SIGKILL false']);
});

test('TERM before STOP ends a child; a second CONT repeats nothing', () => {
  const { clock, told, it } = child();
  it.kill('SIGTERM');
  it.kill('SIGSTOP');
  clock.advance(0);
  assert.deepEqual(told, ['0 exited SIGTERM false']);
  const other = child();
  other.it.kill('SIGSTOP');
  other.it.print('text');
  other.it.kill('SIGCONT');
  other.it.kill('SIGCONT');
  other.clock.advance(0);
  assert.deepEqual(other.told, ['0 stdout text']);
});

test('a child that is stopped again before it has acted waits again', () => {
  const { clock, told, it } = child();
  it.kill('SIGSTOP');
  it.print('text');
  it.kill('SIGCONT');
  it.kill('SIGSTOP');
  clock.advance(0);
  assert.deepEqual(told, []);
  it.kill('SIGCONT');
  clock.advance(0);
  assert.deepEqual(told, ['0 stdout text']);
});

// Processes that are left behind

/** A child that has left processes behind, and the sweeps of them that are over. */
function left(leaves: true | 'stubborn') {
  const { clock, told, it } = child({ leaves, ...exit(0) });
  clock.advance(0);
  assert.deepEqual([told, it.lingers()], [['0 exited 0 true'], true]);
  const swept: number[] = [];
  const killed: string[] = [];
  const sweep = (grace: number): void => {
    it.sweep(grace, (those) => {
      swept.push(clock.now());
      killed.push(...those.map(({ name }) => `${name} within ${String(grace)}`));
    });
  };
  return { clock, it, swept, killed, sweep };
}

test('leftovers end in a sweep', () => {
  const { clock, it, swept, killed, sweep } = left(true);
  sweep(1000);
  assert.deepEqual(swept, [], 'not before time passes');
  clock.advance(0);
  assert.deepEqual([swept, it.lingers(), clock.alarms], [[0], false, 0]);
  sweep(1000);
  assert.deepEqual([swept, killed], [[0, 0], []], 'no process is left: at once');
});

test('stubborn leftovers end after the grace', () => {
  const { clock, it, swept, sweep } = left('stubborn');
  sweep(1000);
  clock.advance(999);
  assert.deepEqual([swept, it.lingers()], [[], true]);
  clock.advance(1);
  assert.deepEqual([swept, it.lingers()], [[1000], false]);
});

test('a shorter sweep ends a longer one', () => {
  const { clock, it, swept, killed, sweep } = left('stubborn');
  sweep(1000);
  sweep(0);
  clock.advance(0);
  assert.deepEqual([swept, clock.alarms], [[0, 0], 0]);
  assert.deepEqual(killed, [`${it.name} within 0`], 'the shorter sweep ended them');
});

test('a signal to the group ends the other processes too, unless they ignore it', () => {
  const leftBehind = (
    leaves: true | 'stubborn',
    signal: NodeJS.Signals,
    scope: 'process' | 'group',
  ): boolean => {
    const { clock, it } = child({ leaves });
    it.kill(signal, scope);
    clock.advance(0);
    return it.lingers();
  };
  assert.equal(leftBehind(true, 'SIGTERM', 'process'), true);
  assert.equal(leftBehind(true, 'SIGTERM', 'group'), false);
  assert.equal(leftBehind('stubborn', 'SIGTERM', 'group'), true);
  assert.equal(leftBehind('stubborn', 'SIGKILL', 'group'), false);
});

test('a living child has no leftovers', () => {
  const { it } = child({ leaves: true });
  assert.equal(it.lingers(), false);
  let done = 0;
  it.sweep(1000, () => (done += 1));
  assert.equal(done, 1);
});

// Late spawns

test('the steps of a child that is spawned late count from its spawn', () => {
  const { clock, told, it } = child(sequence({ spawnAfter: 30 }, ready(50), exit(1, 200)));
  clock.advance(29);
  assert.equal(it.alive, false);
  it.kill('SIGTERM');
  clock.advance(1);
  assert.equal(it.alive, true);
  assert.deepEqual(it.signals, [], 'no process existed to receive a signal');
  clock.advance(1000);
  assert.deepEqual(told, ['80 announced', '280 exited 1 false']);
});

test('a child that is spawned late in the same moment does not exist at once', () => {
  const { clock, it } = child({ spawnAfter: 0 });
  assert.equal(it.alive, false);
  clock.advance(0);
  assert.equal(it.alive, true);
});

test('a child may turn out late to be impossible to run', () => {
  const { clock, told } = child({ unspawnable: 'EAGAIN', spawnAfter: 30 });
  clock.advance(1000);
  assert.deepEqual(told, ['30 EAGAIN']);
});

test('a producer that is spawned late writes to its pipe until it exits', () => {
  const clock = new VirtualClock();
  const spawner = new FakeSpawner(clock).script('web', { spawnAfter: 30, ...exit(0, 100) });
  const nobody = {
    spawned: () => undefined,
    unspawnable: () => undefined,
    announced: () => undefined,
    printed: () => undefined,
    exited: () => undefined,
  };
  const logger = runCommand(service('web/log'), 'lines');
  const producer = runCommand(service('web', { logger: service('web/log') }), 'lines');
  spawner.spawn(logger, nobody);
  spawner.spawn(producer, nobody);
  clock.advance(30);
  spawner.closePipe('web');
  clock.advance(99);
  assert.deepEqual(spawner.alive, ['web/log', 'web']);
  clock.advance(1);
  assert.deepEqual(spawner.alive, []);
});
