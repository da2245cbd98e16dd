/*
 * Who is in a hurry: a second signal to stop leaves a second to whatever is waited for. And whose signals are the command's.
 */
import assert from 'node:assert/strict';
import type { LifecycleEvent } from '../../lib/index.ts';
import type { Container, ContainerEnd } from './rig.ts';
import { container, inContainers, phase, service, sh, stay } from './rig.ts';

/** What everything of these containers may take, if nobody is in a hurry. */
const patient = {
  S6_SERVICES_GRACETIME: '60000',
  S6_KILL_FINISH_MAXTIME: '60000',
  S6_KILL_GRACETIME: '60000',
};

const ignoring = 'trap "" TERM INT HUP';

/** The end after this signal, which is the second one; and that it left a second to what the event tells of, and no more. */
async function hurried(
  box: Container,
  signal: NodeJS.Signals,
  gone: (event: LifecycleEvent) => boolean,
): Promise<ContainerEnd> {
  const at = Date.now();
  box.kill(signal);
  const end = await box.ended;
  const took = (end.events.findLast(gone)?.at ?? 0) - at;
  assert.ok(took >= 999 && took < 5000, `it was let live for ${String(took)} ms`);
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
      `${first}, then ${second}: a service that ignores them is left a second; the first one's code stands`,
      async () => {
        await using box = await container({ tree: deaf, env: patient });
        await box.until('deaf runs');
        box.kill(first);
        await box.until(service('deaf', 'stopping'));
        const end = await hurried(box, second, service('deaf', 'finishing'));
        assert.deepEqual(end.stdout, ['deaf runs', 'deaf was 256 9', 'bye']);
        assert.deepEqual([end.code, end.verdict?.signal, end.left], [code, first, []]);
        assert.deepEqual(end.verdict?.killed, ['deaf']);
      },
    ]),
  ),

  'a finish script that hangs is left a second, and so is each that follows': async () => {
    await using box = await container({
      tree: {
        'cont-finish.d/10': sh(ignoring, 'echo 10 begins', stay),
        'cont-finish.d/20': sh('echo 20 begins', stay),
        'cont-finish.d/30': sh('echo bye'),
      },
      env: patient,
    });
    box.kill('SIGTERM');
    await box.until('10 begins');
    const end = await hurried(box, 'SIGTERM', exited('10'));
    assert.deepEqual(end.stdout, ['10 begins', '20 begins', 'bye']);
    assert.deepEqual([end.code, end.verdict?.killed, end.left], [143, ['10', '20'], []]);
  },

  'the finish script of a service, too': async () => {
    await using box = await container({
      tree: {
        'services.d/web/run': sh('echo web runs', stay),
        'services.d/web/finish': sh(ignoring, 'echo finish begins', stay),
        'services.d/web/timeout-finish': '0',
        'cont-finish.d/10': sh('echo bye'),
      },
      env: { ...patient, S6_SERVICES_GRACETIME: '0' },
    });
    await box.until('web runs');
    box.kill('SIGTERM');
    await box.until('finish begins');
    const end = await hurried(box, 'SIGTERM', service('web', 'down'));
    assert.deepEqual([end.code, end.stdout.at(-1), end.left], [143, 'bye', []]);
  },

  'what a service has left in its group and ignores TERM is left a second': async () => {
    await using box = await container({
      tree: {
        'services.d/web/run': sh(
          `sh -c '${ignoring}; echo left behind; ${stay}' &`,
          'echo web runs',
          stay,
        ),
        'cont-finish.d/10': sh('echo bye'),
      },
      env: patient,
    });
    await box.until('web runs');
    await box.until('left behind');
    box.kill('SIGTERM');
    await box.until(service('web', 'down'));
    const end = await hurried(box, 'SIGTERM', phase('ended'));
    assert.deepEqual([end.code, end.stdout.at(-1), end.left], [143, 'bye', []]);
  },

  'during init: a script that ignores TERM is left a second, no service starts': async () => {
    await using box = await container({
      tree: {
        ...deaf,
        'cont-init.d/10': sh('trap "echo not yet" TERM', 'echo init begins', stay),
        'cont-init.d/20': sh('echo never'),
      },
      env: patient,
    });
    await box.until('init begins');
    box.kill('SIGTERM');
    await box.until('not yet'); // two that came together would be one
    const end = await hurried(box, 'SIGTERM', exited('10'));
    assert.deepEqual(end.stdout, ['init begins', 'not yet', 'bye']);
    assert.deepEqual([end.code, end.verdict?.killed, end.left], [143, ['10'], []]);
  },

  'a command that ignores TERM is left a second': async () => {
    await using box = await container({
      tree: { 'cont-finish.d/10': sh('echo bye') },
      command: ['sh', '-c', `${ignoring}; echo begins; ${stay}`],
      env: patient,
    });
    await box.until('begins');
    box.kill('SIGTERM');
    await box.until(phase('stopping'));
    const end = await hurried(box, 'SIGTERM', phase('finishing'));
    assert.deepEqual([end.code, end.verdict?.killed, end.left], [137, ['command'], []]);
  },

  'HUP beside it hurries nothing': async () => {
    await using box = await container({
      tree: {
        'services.d/slow/run': sh(
          'trap "sleep 2; echo slow ends; exit 0" TERM',
          'echo slow runs',
          stay,
        ),
      },
      env: patient,
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

/** A command that says what comes to it, and ends with 5 on TERM. */
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
  'S6_CMD_RECEIVE_SIGNALS=1: they are the command’s, but HUP; its end is the end': async () => {
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
    const said = ['it listens', 'it has WINCH', 'it has USR1', 'it has TERM', 'bye'];
    assert.deepEqual([end.code, end.stdout], [5, said]);
    assert.deepEqual(end.verdict, { exitCode: 5, reason: 'command', killed: [] });
    assert.deepEqual(end.left, []);
  },

  'S6_CMD_RECEIVE_SIGNALS=1: once everything ends, they hurry that': async () => {
    await using box = await container({
      tree: {
        'services.d/web/run': sh('until test -e "$WORK/go"; do sleep 0.05; done'),
        'services.d/web/finish': sh('exec "$STAGEKEEPER_RUNTIME/basedir/bin/halt"'),
        'cont-finish.d/10': sh('echo bye'),
      },
      command: ['sh', '-c', `trap "echo it has TERM" TERM; echo it listens; ${stay}`],
      env: { ...patient, S6_CMD_RECEIVE_SIGNALS: '1' },
    });
    await box.until('it listens');
    box.kill('SIGTERM');
    await box.until('it has TERM');
    box.leave('go');
    await box.until(phase('stopping'));
    await box.until('it has TERM', 2);
    const end = await hurried(box, 'SIGTERM', exited('command'));
    assert.deepEqual([end.code, end.verdict?.reason, end.stdout.at(-1)], [0, 'requested', 'bye']);
    assert.deepEqual([end.verdict?.killed, end.left], [['command'], []]);
  },

  'S6_CMD_RECEIVE_SIGNALS=1: before the command runs, TERM stops everything': async () => {
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

  // s6-overlay ends with 0 here. The command has ended with 5 all the same, and whoever looks at the container is told so.
  'without it TERM stops everything, and 5 is the code all the same (case 61, where s6-overlay has 0)':
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

  // As s6-overlay v3 has it; v2 sends HUP as well, of which such a command dies.
  'a command that traps only TERM gets TERM, and no HUP (case 62)': async () => {
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
