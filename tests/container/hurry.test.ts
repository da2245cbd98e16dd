/*
 * A second signal to stop: what the stop still waits for gets one second. And signals under S6_CMD_RECEIVE_SIGNALS.
 */
import assert from 'node:assert/strict';
import type { LifecycleEvent } from '../../lib/index.ts';
import type { Container, ContainerEnd } from './rig.ts';
import { container, inContainers, phase, service, sh, stay } from './rig.ts';

/** Time limits of ten minutes, which only a second signal shortens: longer than a container may live. */
const longLimits = {
  S6_SERVICES_GRACETIME: '600000',
  S6_KILL_FINISH_MAXTIME: '600000',
  S6_KILL_GRACETIME: '600000',
};

const ignoring = 'trap "" TERM INT HUP';

/** Sends the second signal, waits for the end, and checks that the event came one second after that signal, or later on a busy machine. */
async function endAfterSecond(
  box: Container,
  signal: NodeJS.Signals,
  isEnd: (event: LifecycleEvent) => boolean,
): Promise<ContainerEnd> {
  const at = Date.now();
  box.kill(signal);
  const end = await box.ended;
  const took = (end.events.findLast(isEnd)?.at ?? 0) - at;
  assert.ok(took >= 999, `it ended ${String(took)} ms after the second signal`);
  return end;
}

const exited = (script: string) => (event: LifecycleEvent) =>
  event.type === 'script' && event.script === script && event.status === 'exited';

const deaf = {
  'services.d/deaf/run': sh(ignoring, 'echo deaf runs', stay),
  'services.d/deaf/finish': sh('echo "deaf was $1 $2"'),
  'cont-finish.d/10': sh('echo bye'),
};

inContainers('a second signal to stop', {
  ...Object.fromEntries(
    (
      [
        ['SIGTERM', 'SIGTERM', 143],
        ['SIGINT', 'SIGTERM', 130],
        ['SIGTERM', 'SIGINT', 143],
      ] as const
    ).map(([first, second, code]) => [
      `${second} after ${first} leaves one second to a service that ignores both, and the exit code is that of ${first}`,
      async () => {
        await using box = await container({ tree: deaf, env: longLimits });
        await box.until('deaf runs');
        box.kill(first);
        await box.until(service('deaf', 'stopping'));
        const end = await endAfterSecond(box, second, service('deaf', 'finishing'));
        assert.deepEqual(end.stdout, ['deaf runs', 'deaf was 256 9', 'bye']);
        assert.deepEqual([end.code, end.verdict?.signal, end.left], [code, first, []]);
        assert.deepEqual(end.verdict?.killed, ['deaf']);
      },
    ]),
  ),

  'a second TERM leaves one second to each script of the finish stage': async () => {
    await using box = await container({
      tree: {
        'cont-finish.d/10': sh(ignoring, 'echo 10 begins', stay),
        'cont-finish.d/20': sh('echo 20 begins', stay),
        'cont-finish.d/30': sh('echo bye'),
      },
      env: longLimits,
    });
    box.kill('SIGTERM');
    await box.until('10 begins');
    const end = await endAfterSecond(box, 'SIGTERM', exited('10'));
    assert.deepEqual(end.stdout, ['10 begins', '20 begins', 'bye']);
    assert.deepEqual([end.code, end.verdict?.killed, end.left], [143, ['10', '20'], []]);
  },

  'a second TERM leaves one second to the finish script of a service': async () => {
    await using box = await container({
      tree: {
        'services.d/web/run': sh('echo web runs', stay),
        'services.d/web/finish': sh(ignoring, 'echo finish begins', stay),
        'services.d/web/timeout-finish': '0',
        'cont-finish.d/10': sh('echo bye'),
      },
      env: { ...longLimits, S6_SERVICES_GRACETIME: '0' },
    });
    await box.until('web runs');
    box.kill('SIGTERM');
    await box.until('finish begins');
    const end = await endAfterSecond(box, 'SIGTERM', service('web', 'down'));
    assert.deepEqual([end.code, end.stdout.at(-1), end.left], [143, 'bye', []]);
  },

  'a second TERM leaves one second to a leftover in the process group of a service': async () => {
    await using box = await container({
      tree: {
        'services.d/web/run': sh(
          `sh -c '${ignoring}; echo left behind; ${stay}' &`,
          'echo web runs',
          stay,
        ),
        'cont-finish.d/10': sh('echo bye'),
      },
      env: longLimits,
    });
    await box.until('web runs');
    await box.until('left behind');
    box.kill('SIGTERM');
    await box.until(service('web', 'down'));
    const end = await endAfterSecond(box, 'SIGTERM', phase('ended'));
    assert.deepEqual([end.code, end.stdout.at(-1), end.left], [143, 'bye', []]);
  },

  'a second TERM leaves one second to an init script that ignores TERM, and no service starts':
    async () => {
      await using box = await container({
        tree: {
          ...deaf,
          'cont-init.d/10': sh('trap "echo not yet" TERM', 'echo init begins', stay),
          'cont-init.d/20': sh('echo never'),
        },
        env: longLimits,
      });
      await box.until('init begins');
      box.kill('SIGTERM');
      await box.until('not yet'); // two signals that are pending together would be delivered as one
      const end = await endAfterSecond(box, 'SIGTERM', exited('10'));
      assert.deepEqual(end.stdout, ['init begins', 'not yet', 'bye']);
      assert.deepEqual([end.code, end.verdict?.killed, end.left], [143, ['10'], []]);
    },

  'a second TERM leaves one second to a command that ignores TERM': async () => {
    await using box = await container({
      tree: { 'cont-finish.d/10': sh('echo bye') },
      command: ['sh', '-c', `${ignoring}; echo begins; ${stay}`],
      env: longLimits,
    });
    await box.until('begins');
    box.kill('SIGTERM');
    await box.until(phase('stopping'));
    const end = await endAfterSecond(box, 'SIGTERM', phase('finishing'));
    assert.deepEqual([end.code, end.verdict?.killed, end.left], [137, ['command'], []]);
  },

  'HUP after TERM does not shorten the stop': async () => {
    await using box = await container({
      tree: {
        'services.d/slow/run': sh(
          'trap "sleep 2; echo slow ends; exit 0" TERM',
          'echo slow runs',
          stay,
        ),
      },
      env: longLimits,
    });
    await box.until('slow runs');
    box.kill('SIGTERM');
    await box.until(service('slow', 'stopping'));
    box.kill('SIGHUP');
    box.kill('SIGHUP');
    const end = await box.ended;
    assert.deepEqual([end.code, end.stdout.at(-1)], [143, 'slow ends']);
    assert.deepEqual(end.verdict?.killed, []);
  },
});

/** A command that prints each signal that it gets, and exits with 5 on TERM. */
const listening = [
  'sh',
  '-c',
  [
    'trap "echo it has WINCH" WINCH',
    'trap "echo it has USR1" USR1',
    'trap "echo it has HUP" HUP',
    'trap "echo it has TERM; exit 5" TERM',
    'echo it listens',
    stay,
  ].join('; '),
];

inContainers('signals and the command', {
  'under S6_CMD_RECEIVE_SIGNALS=1 signals other than HUP go to the command, and its end stops everything':
    async () => {
      await using box = await container({
        tree: { 'services.d/web/run': sh(stay), 'cont-finish.d/10': sh('echo bye') },
        command: listening,
        env: { S6_CMD_RECEIVE_SIGNALS: '1' },
      });
      await box.until('it listens');
      for (const name of ['WINCH', 'USR1'] as const) {
        box.kill(`SIG${name}`);
        await box.until(`it has ${name}`);
      }
      await box.write({ 'services.d/new/run': sh('echo new runs >&2', stay) });
      box.kill('SIGHUP');
      await box.until('new runs');
      assert.equal(box.events.some(phase('stopping')), false);
      box.kill('SIGTERM');
      const end = await box.ended;
      const printed = ['it listens', 'it has WINCH', 'it has USR1', 'it has TERM', 'bye'];
      assert.deepEqual([end.code, end.stdout], [5, printed]);
      assert.deepEqual(end.verdict, { exitCode: 5, reason: 'command', killed: [] });
      assert.deepEqual(end.left, []);
    },

  'under S6_CMD_RECEIVE_SIGNALS=1 TERM shortens a stop that is under way': async () => {
    await using box = await container({
      tree: {
        'services.d/web/run': sh('until test -e "$WORK/go"; do sleep 0.05; done'),
        'services.d/web/finish': sh('exec "$STAGEKEEPER_RUNTIME/basedir/bin/halt"'),
        'cont-finish.d/10': sh('echo bye'),
      },
      command: ['sh', '-c', `trap "echo it has TERM" TERM; echo it listens; ${stay}`],
      env: { ...longLimits, S6_CMD_RECEIVE_SIGNALS: '1' },
    });
    await box.until('it listens');
    box.kill('SIGTERM');
    await box.until('it has TERM');
    box.leave('go');
    await box.until(phase('stopping'));
    await box.until('it has TERM', 2);
    const end = await endAfterSecond(box, 'SIGTERM', exited('command'));
    assert.deepEqual([end.code, end.verdict?.reason, end.stdout.at(-1)], [0, 'requested', 'bye']);
    assert.deepEqual([end.verdict?.killed, end.left], [['command'], []]);
  },

  'under S6_CMD_RECEIVE_SIGNALS=1 TERM stops everything before the command runs': async () => {
    await using box = await container({
      tree: { 'cont-init.d/10': sh('echo init begins', stay), 'cont-finish.d/10': sh('echo bye') },
      command: ['echo', 'never'],
      env: { S6_CMD_RECEIVE_SIGNALS: '1' },
    });
    await box.until('init begins');
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual([end.code, end.stdout], [143, ['init begins', 'bye']]);
  },

  // s6-overlay exits with 0 here. This library reports the exit code of the command.
  'without S6_CMD_RECEIVE_SIGNALS TERM stops everything, and the exit code is that of the command (case 61)':
    async () => {
      await using box = await container({ tree: deaf, command: listening });
      await box.until('deaf runs');
      await box.until('it listens');
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual(end.verdict, {
        exitCode: 5,
        reason: 'signal',
        signal: 'SIGTERM',
        killed: ['deaf'],
      });
      assert.equal(end.code, 5);
    },

  // As s6-overlay v3 does; v2 also sends HUP, which ends such a command.
  'a command that traps only TERM gets TERM and no HUP at a stop (case 62)': async () => {
    await using box = await container({
      tree: { 'cont-finish.d/.keep': '' },
      command: ['sh', '-c', `trap 'echo it has TERM; exit 4' TERM; echo it listens; ${stay}`],
    });
    await box.until('it listens');
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual([end.code, end.stdout], [4, ['it listens', 'it has TERM']]);
  },
});
