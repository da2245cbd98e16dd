import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exited,
  finished,
  logged,
  restart,
  script,
  service,
  spawned,
  start,
  stop,
  unspawnable,
} from '../samples.ts';
import { TreeLife } from '../tree-life.ts';
import { aliveIn } from '../../../lib/machine/tree/alive.ts';
import type { CatchAll, TreeOptions } from '../../../lib/machine/tree/tree-options.ts';
import type { Command } from '../../../lib/model/program.ts';
import type { Tree } from '../../../lib/model/tree.ts';
import { catchAllName as log } from '../../../lib/model/tree.ts';

/** A life with a catch-all logger; `spawns` has the processes that the last input spawns. */
class CaughtLife extends TreeLife {
  constructor(
    parts: Partial<Tree>,
    options: Partial<TreeOptions> = {},
    more: Partial<CatchAll> = {},
  ) {
    const spec = service(log, { run: { command: ['logutil-service', '/var/log/all'] } });
    const catchAll = { spec, directory: '/var/log/all', takesCommand: false, ...more };
    super(parts, { catchAll, ...options });
  }

  /** Where the stdout and stderr of the latest process of this name go. */
  outputOf(name: string): string {
    const command = this.commands.findLast((one) => one.name === name);
    if (command === undefined) throw new Error(`'${name}' was not spawned.`);
    return [command.stdout, command.stderr].map(inWords).join(', ');
  }
}

function inWords(output: Command['stdout']): string {
  return typeof output === 'string' ? output : `pipe ${output.pipe}`;
}

const both = `pipe ${log}, pipe ${log}`;

// The way up

test('the catch-all logger starts before everything else, and the init stage waits until it is up', () => {
  const life = new CaughtLife({ init: [script('10-a')], services: [service('web')] }).start();
  assert.deepEqual(life.asked, ['open the log /var/log/all', `spawn ${log}`]);
  assert.deepEqual(life.told, [
    `${log}: down → starting (stage)`,
    'phase: loaded → initializing (stage)',
    'stage init: started (stage)',
  ]);
  const [command] = life.commands;
  assert.deepEqual(
    [command?.stdin, command?.stdout, command?.stderr],
    [{ pipe: log }, 'inherit', 'inherit'],
  );
  life.rise(log);
  assert.deepEqual(life.asked, ['spawn 10-a']);
  assert.equal(life.outputOf('10-a'), both);
});

test('the services stage neither starts the catch-all logger nor waits for it', () => {
  const life = new CaughtLife({ services: [service('web')] }).start().rise(log);
  assert.deepEqual(life.asked, ['spawn web']);
  assert.deepEqual(life.state.units.awaited, ['web']);
  life.rise('web');
  assert.equal(life.state.phase, 'running');
});

test('without the init stage, the services wait for the catch-all logger', () => {
  const life = new CaughtLife({ services: [service('web')] });
  life.give({ type: 'advance', target: 'services', skipInit: true });
  assert.equal(life.state.phase, 'loaded');
  assert.deepEqual(aliveIn(life.state), [], 'the stage does not await the logger by name');
  life.rise(log);
  assert.deepEqual(life.asked, ['spawn web']);
});

test('a service that the host starts by hand starts the catch-all logger as well', () => {
  const life = new CaughtLife({ services: [service('web')] }).service('web', start);
  assert.deepEqual(life.asked, ['open the log /var/log/all', `spawn ${log}`, 'spawn web']);
  assert.equal(life.outputOf('web'), both);
});

test('a catch-all logger that the options keep down gets no output', () => {
  const services = { [log]: { down: true } };
  const life = new CaughtLife({ init: [script('10-a')] }, { services }).start();
  assert.deepEqual(life.asked, ['spawn 10-a']);
  assert.equal(life.outputOf('10-a'), 'inherit, inherit');
});

// What goes to the catch-all log

test('the stdout of a service with a logger goes to that logger, its stderr to the catch-all log', () => {
  const life = new CaughtLife({ services: [logged('web')] }).start().rise(log);
  assert.equal(life.outputOf('web'), `pipe web, pipe ${log}`);
  assert.equal(life.outputOf('web/log'), both);
});

test('an output other than inherit is unchanged', () => {
  const services = [service('web', { output: 'ignore' }), service('db')];
  const life = new CaughtLife({ services, init: [script('10-a')] }, { output: 'lines' });
  life.start().rise(log);
  assert.equal(life.outputOf('10-a'), 'lines, lines');
  life.runScript('init');
  assert.equal(life.outputOf('web'), 'ignore, ignore');
  assert.equal(life.outputOf('db'), 'lines, lines');
});

test('the output of finish scripts, of services and of the stage, goes to the catch-all log', () => {
  const life = new CaughtLife({ services: [finished('web')], finish: [script('90-z')] });
  life.start().rise(`${log} web`).service('web', exited(1));
  assert.equal(life.outputOf('web/finish'), both);
  life.service('web', exited(0)).stop().swept('web');
  assert.equal(life.outputOf('90-z'), both);
});

test('the command keeps the host’s output with logging 1, and goes to the catch-all log with 2', () => {
  const outputs = [false, true].map((takesCommand) => {
    const life = new CaughtLife({}, {}, { takesCommand });
    life
      .give({ type: 'command', command: ['true'] })
      .start()
      .rise(log);
    return life.outputOf('command');
  });
  assert.deepEqual(outputs, ['inherit, inherit', both]);
});

// The way down

test('a stop of the services does not stop the catch-all logger', () => {
  const life = new CaughtLife({ services: [service('web')] }).start().rise(`${log} web`);
  life.give({ type: 'advance', target: 'stopped' });
  assert.deepEqual(life.asked, ['SIGTERM to web', 'SIGCONT to web']);
  life.service('web', exited('SIGTERM')).swept('web');
  assert.deepEqual([life.asked, aliveIn(life.state)], [[], []]);
  assert.equal(life.at(log).status, 'up');
});

test('the catch-all logger stops last: its pipe is closed after the finish stage, then the last clean-up runs', () => {
  const life = new CaughtLife({ services: [service('web')], finish: [script('90-z')] });
  life.start().rise(`${log} web`).stop().service('web', exited('SIGTERM')).swept('web');
  assert.deepEqual(life.asked, ['spawn 90-z']);
  life.runScript('finish');
  assert.deepEqual(life.asked, [`close the pipe of ${log}`, 'sweep everything within 3000']);
  assert.deepEqual(aliveIn(life.state), [log]);
  life.swept(log);
  assert.deepEqual(life.asked, []);
  life.service(log, exited(0));
  assert.deepEqual(life.told, [`${log}: stopping → down, code 0 (exited)`]);
  assert.deepEqual(life.asked, [`sweep ${log} within 3000`]);
  assert.deepEqual(life.swept(log).asked, ['clear within 3000']);
  life.cleared();
  assert.deepEqual(life.state.verdict, { reason: 'stopped', exitCode: 0, killed: [] });
});

test('the last clean-up waits for the sweeps as well', () => {
  const life = new CaughtLife({}).start().rise(log).stop().service(log, exited(0));
  assert.deepEqual(life.swept(log).asked, []);
  assert.deepEqual(life.swept(log).asked, ['clear within 3000']);
});

test('a catch-all logger that does not exit is killed after the processes that hold its pipe', () => {
  const life = new CaughtLife({}).start().rise(log).stop().swept(log);
  assert.equal(life.next, 6000, 'the time of the leftovers, and its own');
  life.until(6000);
  assert.deepEqual(life.asked, [`SIGKILL to the group of ${log}`]);
  life.service(log, exited('SIGKILL')).swept(log).cleared();
  assert.deepEqual(life.state.verdict?.killed, [log]);
});

test('without a limit for services, the catch-all logger has none', () => {
  const life = new CaughtLife({}).start().rise(log).stop(0);
  assert.equal(life.next, null);
});

test('a catch-all logger that dies just before the end starts again to read the rest', () => {
  const life = new CaughtLife({}).start().rise(log).service(log, exited(1)).stop();
  assert.ok(life.asked.some((what) => what === `spawn ${log}`));
  life.rise(log).swept(log).service(log, exited(0)).swept(log);
  assert.deepEqual(life.asked, ['clear within 3000']);
});

test('a catch-all logger in restart when everything stops starts again, since it is needed to the end', () => {
  const life = new CaughtLife({ services: [finished('web')] }).start().rise(log);
  life.rise('web').service(log, restart).stop();
  life.service(log, exited('SIGTERM'));
  assert.equal(life.at(log).status, 'starting');
});

test('a stop before anything has begun does not start the catch-all logger', () => {
  const life = new CaughtLife({}).stop();
  assert.deepEqual(life.asked, ['clear within 3000']);
});

test('a stop while the catch-all logger is starting ends the init stage, then the logger', () => {
  const life = new CaughtLife({ init: [script('10-a')] }).start().stop();
  assert.deepEqual(life.asked, []);
  life.rise(log);
  assert.equal(life.state.phase, 'finishing');
  assert.deepEqual(life.asked, [`close the pipe of ${log}`, 'sweep everything within 3000']);
});

// A catch-all logger that fails

test('while the catch-all logger cannot be run, output goes to the host', () => {
  const life = new CaughtLife({ init: [script('10-a'), script('20-b')] }).start();
  life.service(log, unspawnable);
  assert.match(life.told[0] ?? '', /problem unspawnable: s6-svscan-log/);
  assert.equal(life.outputOf('10-a'), 'inherit, inherit');
  life.until(10_000);
  assert.deepEqual(life.asked, [`spawn ${log}`]);
  life.rise(log).runScript('init');
  assert.equal(life.outputOf('20-b'), both);
});

test('the death of the catch-all logger is reported once, and it is used again after a second of running', () => {
  const life = new CaughtLife({ services: [service('web'), service('db')] });
  life.start().rise(`${log} web db`).service(log, exited(111));
  assert.match(life.told[0] ?? '', /problem logging-failed: .* exited with code 111/);
  life.until(1000).rise(log).service(log, exited(111));
  assert.deepEqual(life.told, [`${log}: up → backoff, code 111 (exited)`]);
  life.until(2000).rise(log).service('web', restart).service('web', exited('SIGTERM'));
  assert.equal(life.outputOf('web'), 'inherit, inherit');
  life.until(3000).service('db', restart).service('db', exited('SIGTERM'));
  assert.equal(life.outputOf('db'), both);
});

test('a catch-all logger that the host stops gets no output', () => {
  const life = new CaughtLife({ services: [service('web')] }).start().rise(`${log} web`);
  life.service(log, stop).service(log, exited('SIGTERM'));
  life.service('web', restart).service('web', exited('SIGTERM'));
  assert.equal(life.outputOf('web'), 'inherit, inherit');
});

// The tree

test('the catch-all logger keeps running when services.d is read again', () => {
  const life = new CaughtLife({ services: [service('web')] }).start().rise(`${log} web`);
  const tree = { ...life.state.tree, services: [service('db')] };
  life.give({ type: 'reread', tree, problems: [] });
  assert.deepEqual(life.told[0], 'tree: +db -web (rescan)');
  assert.equal(life.at(log).status, 'up');
});

test('a service with the name of the catch-all logger is left out, with its logger, and reported', () => {
  const life = new CaughtLife({}).start().rise(log);
  const tree = { ...life.state.tree, services: [logged(log), service('web')] };
  life.give({ type: 'reread', tree, problems: [] });
  assert.match(life.told[0] ?? '', /problem name-taken: s6-svscan-log/);
  assert.equal(life.told[1], 'tree: +web (rescan)');
  assert.deepEqual([...life.state.units.keys()], [log, 'web']);
  life.give({ type: 'specChanged', spec: service(log, { essential: true }), problems: [] });
  assert.equal(life.state.units.get(log)?.spec.essential, false);
});

test('overrides apply to the catch-all logger as to any service', () => {
  const life = new CaughtLife({}, { services: { [log]: { user: 'log' } } }).start();
  assert.equal(life.commands[0]?.user, 'log');
  assert.equal(life.service(log, spawned).at(log).status, 'up');
});
