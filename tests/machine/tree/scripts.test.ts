import assert from 'node:assert/strict';
import { test } from 'node:test';
import { by, code, exited, script, service } from '../samples.ts';
import { TreeLife } from '../tree-life.ts';
import { failedScripts } from '../../../lib/machine/tree/scripts.ts';
import type { ScriptProcessInput } from '../../../lib/machine/tree/tree-state.ts';
import type { TreeOptions } from '../../../lib/machine/tree/tree-options.ts';

const parts = {
  init: [script('10-a'), script('20-b')],
  services: [service('web')],
  finish: [script('90-z')],
};

const there: ScriptProcessInput = { type: 'spawned', pid: 8 };

function ends(how: number | NodeJS.Signals): ScriptProcessInput {
  return { type: 'exited', exit: typeof how === 'number' ? code(how) : by(how) };
}

function cannotRun(systemCode: string): ScriptProcessInput {
  return { type: 'unspawnable', code: systemCode, message: 'it does not exist' };
}

function timeouts(more: Partial<TreeOptions['timeouts']>): Partial<TreeOptions> {
  const all = { init: 0, readiness: 5000, services: 3000, finish: 5000, kill: 3000 };
  return { timeouts: { ...all, ...more } };
}

// A failing init script

const failed =
  'problem script-failed: /etc/scripts/10-a: the init script exited with code 42 (exited)';

test('continue: a problem names the script, the other scripts and the services run; the stage has failed', () => {
  const life = new TreeLife(parts).start().script('init', there).script('init', ends(42));
  assert.deepEqual(life.told, ['10-a: exited, code 42 after 0 ms (exited)', failed]);
  assert.deepEqual(life.asked, ['spawn 20-b']);
  life.runScript('init');
  assert.equal(life.told[1], 'stage init: failed (exited)');
  assert.deepEqual(life.asked, ['spawn web']);
  assert.equal(life.state.ending, null);
});

test('warn: the same', () => {
  const life = new TreeLife(parts, { onInitFailure: 'warn' }).start().script('init', there);
  life.script('init', ends(42));
  assert.deepEqual(life.told, ['10-a: exited, code 42 after 0 ms (exited)', failed]);
  assert.deepEqual(life.asked, ['spawn 20-b']);
});

test('stop: no later script and no service starts, finish runs, and the exit code is the script’s', () => {
  const life = new TreeLife(parts, { onInitFailure: 'stop' }).start().script('init', there);
  life.script('init', ends(42));
  assert.deepEqual(life.told, [
    '10-a: exited, code 42 after 0 ms (exited)',
    failed,
    'stage init: failed (exited)',
    'phase: initializing → stopping (shutdown)',
  ]);
  life.swept('web');
  assert.deepEqual(life.asked, ['spawn 90-z']);
  life.runScript('finish').cleared();
  const verdict = { reason: 'init-failed', exitCode: 42, script: '10-a', killed: [] };
  assert.deepEqual(life.state.verdict, verdict);
});

test('stop: a script that a signal ends has the code 128 + n', () => {
  const life = new TreeLife(parts, { onInitFailure: 'stop' }).start().script('init', there);
  life.script('init', ends('SIGKILL'));
  assert.equal(life.state.ending?.exitCode, 137);
});

test('a script that cannot be run fails with 127, or 126 if it may not be executed', () => {
  for (const [systemCode, exitCode] of [
    ['ENOENT', 127],
    ['EACCES', 126],
  ] as const) {
    const life = new TreeLife(parts, { onInitFailure: 'stop' }).start();
    life.script('init', cannotRun(systemCode));
    assert.deepEqual(life.told.slice(0, 2), [
      '10-a: unspawnable (unspawnable)',
      'problem unspawnable: /etc/scripts/10-a: the init script cannot be run: it does not exist (unspawnable)',
    ]);
    assert.equal(life.state.ending?.exitCode, exitCode);
    const [result] = life.state.init.results;
    assert.deepEqual(result, { script: '10-a', exit: null, exitCode, duration: 0 });
  }
});

test('a script made in code has no path: it is reported by its name', () => {
  const life = new TreeLife({ init: [{ name: 'mount', run: { command: ['mount', '-a'] } }] });
  life.start().script('init', cannotRun('ENOENT'));
  assert.equal(
    life.told[1],
    'problem unspawnable: mount: the init script cannot be run: it does not exist (unspawnable)',
  );
});

test('a script that cannot be run is reported once, also under warn', () => {
  const life = new TreeLife(parts, { onInitFailure: 'warn' }).start();
  life.script('init', cannotRun('ENOENT'));
  assert.equal(life.told.length, 2);
  assert.deepEqual(life.asked, ['spawn 20-b']);
});

test('a service that fails does not affect the init stage', () => {
  const life = new TreeLife({ services: [service('web')] }, { onInitFailure: 'stop' }).start();
  life.rise('web').service('web', exited(1));
  assert.equal(life.state.ending, null);
});

// Time limits

test('an init script has no time limit unless the options set one', () => {
  assert.equal(new TreeLife(parts).start().next, null);
});

test('an init script that takes too long is killed, again every 5 s, and the next one runs', () => {
  const life = new TreeLife(parts, timeouts({ init: 1000 })).start().script('init', there);
  life.until(999);
  assert.deepEqual(life.asked, []);
  life.until(1000);
  assert.deepEqual(life.told, [
    'problem killed: /etc/scripts/10-a: the init script has not ended after 1000 ms; it is killed (deadline)',
  ]);
  assert.deepEqual(life.asked, ['SIGKILL to the group of 10-a']);
  life.until(6000);
  assert.deepEqual([life.told, life.asked], [[], ['SIGKILL to the group of 10-a']]);
  life.script('init', ends('SIGKILL'));
  assert.deepEqual(life.asked, ['spawn 20-b']);
  assert.equal(life.next, 7000, 'each script has the whole limit');
  assert.deepEqual(life.state.killed, [], 'this was not on the way down');
});

test('the shorter of limit and grace holds for an init script that is asked to exit', () => {
  const life = new TreeLife(parts, timeouts({ init: 1000 })).start().script('init', there);
  life.now = 900;
  life.stop(0);
  assert.equal(life.next, 1000, 'a grace of 0 sets no limit, but the other limit holds');
  const longer = new TreeLife(parts, timeouts({ init: 1000 })).start().script('init', there);
  longer.now = 900;
  assert.equal(longer.stop(3000).next, 1000);
  const shorter = new TreeLife(parts, timeouts({ init: 1000 })).start().script('init', there);
  assert.equal(shorter.stop(200).next, 200);
});

test('a shorter grace moves the deadline of an init script forward that was asked to exit', () => {
  const life = new TreeLife(parts, timeouts({ init: 0 })).start().script('init', there);
  assert.equal(life.stop(3000).next, 3000);
  life.now = 100;
  assert.equal(life.stop(5000).next, 3000);
  assert.deepEqual([life.stop(200).next, life.asked], [300, []]);
  life.until(300);
  assert.equal(life.stop(1).next, 5300, 'not once it was killed');
});

test('without a finish limit a finish script may take any time', () => {
  const life = new TreeLife({ finish: [script('90-z')] }, timeouts({ finish: 0 })).start().stop();
  assert.equal(life.script('finish', there).next, null);
});

// Inputs while no script runs

test('an input for a script changes nothing while no script runs', () => {
  const life = new TreeLife(parts);
  const { state } = life;
  life.script('init', there).script('finish', ends(1)).script('command', cannotRun('ENOENT'));
  assert.equal(life.state, state);
});

// The command

function commanded(): TreeLife {
  return new TreeLife({ finish: [script('90-z')] })
    .give({ type: 'command', command: ['sh'] })
    .start()
    .script('command', there);
}

test('the exit of the command ends everything, and its code is the verdict’s', () => {
  const life = commanded().script('command', ends(3));
  assert.deepEqual(life.told.slice(0, 2), [
    'command: exited, code 3 after 0 ms (exited)',
    'phase: running → stopping (shutdown)',
  ]);
  life.runScript('finish').cleared();
  assert.deepEqual(life.state.verdict, { reason: 'command', exitCode: 3, killed: [] });
});

test('a command that cannot be run ends everything with 127', () => {
  const life = new TreeLife({}).give({ type: 'command', command: ['nope'] }).start();
  life.script('command', cannotRun('ENOENT')).cleared();
  assert.equal(life.state.verdict?.exitCode, 127);
});

test('the command has no time limit, and is asked to exit together with the services', () => {
  const life = commanded();
  assert.equal(life.next, null);
  life.stop();
  assert.deepEqual(life.asked, ['SIGTERM to command', 'SIGCONT to command']);
  assert.equal(life.next, 3000);
  life.until(3000);
  assert.deepEqual(life.asked, ['SIGKILL to the group of command']);
  life.script('command', ends('SIGKILL'));
  assert.deepEqual(
    life.asked,
    ['record exit code 137 if none is written', 'spawn 90-z'],
    'the finish stage waits for the command',
  );
});

test('the code of what ends everything is recorded for scripts before a service is asked to stop', () => {
  const parts = { init: [script('10-a')], services: [service('web', { essential: true })] };
  const asked = (life: TreeLife): readonly string[] =>
    life.asked.filter((effect) => /^record|^SIGTERM/.test(effect));
  const running = (): TreeLife =>
    new TreeLife({ ...parts, services: [service('web', { essential: true }), service('api')] })
      .give({ type: 'command', command: ['sh'] })
      .start()
      .runScript('init')
      .rise('web api')
      .script('command', there);
  const ofCommand = running().script('command', ends(6));
  assert.deepEqual(asked(ofCommand), ['record exit code 6', 'SIGTERM to web', 'SIGTERM to api']);
  const ofSignal = running().script('command', ends('SIGKILL'));
  assert.equal(asked(ofSignal)[0], 'record exit code 137');
  const ofService = running().service('web', { type: 'stop' }).end({
    reason: 'essential',
    exitCode: 3,
    service: 'web',
  });
  assert.equal(asked(ofService)[0], 'record exit code 3 if none is written');
  const ofScript = new TreeLife(parts, { onInitFailure: 'stop' }).start().script('init', there);
  assert.deepEqual(asked(ofScript.script('init', ends(42))), ['record exit code 42']);
});

test('a signal, the host and a script of the tree that request the end record no exit code', () => {
  for (const reason of ['signal', 'stopped', 'requested'] as const) {
    const life = new TreeLife({ services: [service('web')] }).start().rise('web');
    assert.deepEqual(life.end({ reason, exitCode: 143 }).asked.slice(0, 1), ['SIGTERM to web']);
  }
});

test('a second reason to end records no other exit code, and a request of a script keeps its own', () => {
  const ended = commanded().end({ reason: 'requested', exitCode: 0 }).script('command', ends(13));
  assert.deepEqual([ended.asked, ended.state.ending?.exitCode], [['spawn 90-z'], 0]);
});

test('after a stop or a signal the verdict has the command’s code, after the end of an essential service it has not', () => {
  const codeAfter = (reason: 'stopped' | 'signal' | 'essential'): number | undefined =>
    commanded().end({ reason, exitCode: 1 }).script('command', ends(5)).state.ending?.exitCode;
  assert.deepEqual([codeAfter('stopped'), codeAfter('signal'), codeAfter('essential')], [5, 5, 1]);
});

test('a command that never ran does not change the code', () => {
  const life = new TreeLife({ services: [service('web')] })
    .give({ type: 'command', command: ['sh'] })
    .start()
    .end({ reason: 'signal', exitCode: 143 });
  life.rise('web').service('web', exited(0)).swept('web').cleared();
  assert.equal(life.state.verdict?.exitCode, 143);
});

test('a signal goes to the command only, and only while it runs', () => {
  const life = new TreeLife({ finish: [script('90-z')] }).give({
    type: 'command',
    command: ['sh'],
  });
  const usr1 = { type: 'signal', signal: 'SIGUSR1' } as const;
  assert.deepEqual(life.give(usr1).asked, []);
  assert.deepEqual(life.start().give(usr1).asked, [], 'it has no process yet');
  assert.deepEqual(life.script('command', there).give(usr1).asked, ['SIGUSR1 to command']);
  assert.deepEqual(life.script('command', ends(0)).give(usr1).asked, []);
});

// Hurry

test('hurry: a script that runs, and each later one, may take at most so long', () => {
  const life = new TreeLife({ finish: [script('10-a'), script('90-z')] }).start().stop();
  life.script('finish', there);
  assert.equal(life.next, 5000);
  life.now = 100;
  assert.equal(life.give({ type: 'shorten', within: 1000 }).next, 1100);
  life.until(1100).script('finish', ends('SIGKILL')).script('finish', there);
  assert.equal(life.next, 2100);
  assert.deepEqual(life.state.killed, ['10-a']);
});

test('hurry: it bounds an init script that was asked to exit, and the command', () => {
  const init = new TreeLife({ init: [script('10-a')] }, timeouts({ services: 0 })).start();
  assert.equal(init.script('init', there).stop().next, null);
  assert.equal(init.give({ type: 'shorten', within: 1000 }).next, 1000);
  const run = commanded().stop();
  assert.equal(run.next, 3000);
  assert.equal(run.give({ type: 'shorten', within: 1000 }).next, 1000);
});

test('hurry: what begins later has no more time than it says, whatever its own limit', () => {
  const life = commanded().give({ type: 'shorten', within: 1000 }).stop();
  assert.equal(life.next, 1000);
  life.script('command', ends('SIGTERM')).script('finish', there);
  assert.equal(life.next, 1000);
  life.script('finish', ends(0));
  assert.deepEqual(life.asked, ['clear within 1000']);
});

test('hurry: running sweeps get less time, and the shortest hurry holds', () => {
  const life = commanded().stop();
  assert.deepEqual(life.give({ type: 'shorten', within: 500 }).asked, ['shorten to 500']);
  assert.deepEqual(life.give({ type: 'shorten', within: 5000 }).asked, ['shorten to 500']);
});

// The exit code

test('the exit code that a finish script requests overrides the verdict’s', () => {
  const life = commanded().script('command', ends(3)).runScript('finish');
  life.give({ type: 'cleared', problems: [], exitCode: 0 });
  assert.deepEqual(life.state.verdict, { reason: 'command', exitCode: 0, killed: [] });
});

// Results

test('failedScripts: all scripts that did not exit with 0', () => {
  const good = { script: 'a', exit: code(0), exitCode: 0, duration: 1 };
  const bad = { script: 'b', exit: code(1), exitCode: 1, duration: 1 };
  const missing = { script: 'c', exit: null, exitCode: 127, duration: 0 };
  assert.deepEqual(failedScripts([good, bad, missing]), [bad, missing]);
});
