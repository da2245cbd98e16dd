/*
 * Processes that services and scripts leave behind, in their process group or in another session: how they end, and what is
 * reported.
 */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { container, inContainers, missing, noNobody, phase, sh, stay } from './rig.ts';
import type { LifecycleEvent } from '../../lib/index.ts';

/** The problems `killed`, as lines. */
const killProblems = (events: readonly LifecycleEvent[]): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'problem' && event.problem.code === 'killed'
      ? [`${event.problem.path}: ${event.problem.message}`]
      : [],
  );

/** A daemon that needs 0.8 s to clean up. */
const slow = sh("trap 'sleep 0.8; echo bye; exit' TERM", 'echo up', 'while :; do sleep 0.02; done');

/** The folder of the package koffi. */
const koffi = fileURLToPath(new URL('../../node_modules/koffi', import.meta.url));

/** The capabilities that root has by default in a container of Docker. */
const dockerCapabilities = [
  ...['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap'],
  ...['net_bind_service', 'net_raw', 'sys_chroot', 'mknod', 'audit_write', 'setfcap'],
];

const finished = (event: LifecycleEvent): boolean =>
  event.type === 'stage' && event.stage === 'finish' && event.status === 'completed';

/** A line of shell that starts a process which ignores TERM. */
const stubborn = (how: string): string => `(trap '' TERM; exec ${how}sleep 600) &`;

inContainers('leftovers', {
  'a leftover that ignores TERM is killed after S6_KILL_GRACETIME, and a problem reports it':
    async () => {
      await using box = await container({
        tree: {
          'cont-init.d/10': sh(stubborn(''), stubborn('setsid ')),
          'services.d/web/run': sh(stubborn(''), 'echo up', 'exec sleep 600'),
        },
        env: { S6_KILL_GRACETIME: '300' },
      });
      await box.until('up');
      box.kill('SIGTERM');
      const end = await box.ended;
      const names = ['web/left-behind', '10/left-behind', 'runaway/sleep'];
      assert.deepEqual([end.verdict?.killed, end.left], [names, []]);
      const [web, script, runaway, ...more] = killProblems(end.events);
      assert.match(web ?? '', /^web: sleep \(pid \d+\), which was left behind/);
      assert.match(script ?? '', /cont-init.d\/10: sleep \(pid \d+\), which was left behind/);
      assert.match(runaway ?? '', /^runaway\/sleep: sleep \(pid \d+\), which had left the session/);
      assert.deepEqual(more, []);
    },

  'a daemon has S6_KILL_GRACETIME to clean up, or one second after a second signal': async () => {
    const tree = { 'slow.sh': slow, 'cont-init.d/10': sh('setsid ../slow.sh &') };
    await using box = await container({ tree });
    await box.until('up');
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual([end.stdout.at(-1), end.verdict?.killed, end.left], ['bye', [], []]);

    await using other = await container({
      tree: {
        'cont-init.d/10': sh(`(trap '' TERM; exec setsid sh -c 'echo up; exec sleep 600') &`),
      },
      env: { S6_KILL_GRACETIME: '100000' },
    });
    await other.until('up');
    other.kill('SIGTERM');
    await other.until(finished);
    other.kill('SIGTERM');
    const shortened = await other.ended;
    assert.deepEqual([shortened.verdict?.killed, shortened.left], [['runaway/sleep'], []]);
  },

  'an orphan of PID 1 has time to clean up, also when its environment is empty': async () => {
    for (const without of [[], [koffi]]) {
      const tree = { 'slow.sh': slow, 'cont-init.d/10': sh('setsid env -i sh ../slow.sh &') };
      await using box = await container({ tree, without });
      await box.until('up');
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual([end.stdout, end.verdict?.killed], [['up', 'bye'], []]);
    }
  },

  'an orphan of PID 1 under another account, of which PID 1 cannot read the environment, has time to clean up':
    {
      skip: noNobody !== false ? noNobody : missing('setpriv'),
      test: async () => {
        const nobody = 'setpriv --reuid 65534 --regid 65534 --clear-groups';
        await using box = await container({
          tree: { 'slow.sh': slow, 'cont-init.d/10': sh(`setsid ${nobody} sh ../slow.sh &`) },
          init: ['setpriv', `--bounding-set=-all,+${dockerCapabilities.join(',+')}`],
        });
        await box.until('up');
        box.kill('SIGTERM');
        const end = await box.ended;
        assert.deepEqual([end.stdout, end.verdict?.killed], [['up', 'bye'], []]);
      },
    },

  'a host under start() and stop() leaves an orphan alone that lacks the environment of the tree':
    async () => {
      await using box = await container({
        tree: {
          'cont-init.d/10': sh("setsid env -i sh -c 'echo up; exec sleep 600' &"),
          'services.d/web/run': sh('echo web', stay),
        },
        host: new URL('guest.ts', import.meta.url),
      });
      await box.until('up');
      await box.until('web');
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual([end.verdict?.killed, end.left?.map(({ name }) => name)], [[], ['sleep']]);
    },

  'a daemon that holds a log pipe is stopped before the logger': async () => {
    const daemon = "setsid sh -c 'echo daemon; exec sleep 600' &";
    const tree = {
      'cont-init.d/10': sh("setsid sh -c 'echo other; exec sleep 600' &"),
      'services.d/web/run': sh(daemon, 'exec sleep 600'),
      'services.d/web/log/run': sh('cat', 'echo logger ends'),
      'cont-finish.d/10': sh('pgrep -fc "^sleep 60"'),
    };
    await using box = await container({ tree });
    await box.until('daemon');
    await box.until('other');
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual(
      end.stdout.slice(2),
      ['logger ends', '1'],
      'the other daemon lives until then',
    );
    assert.deepEqual([end.verdict?.killed, end.left], [[], []]);
  },

  'a daemon that holds a log pipe and ignores TERM is killed, and the logger reads to the end':
    async () => {
      await using box = await container({
        tree: {
          'services.d/web/run': sh(stubborn('setsid '), 'echo web', 'exec sleep 600'),
          'services.d/web/log/run': sh('cat', 'echo logger ends'),
        },
        env: { S6_KILL_GRACETIME: '500', S6_SERVICES_GRACETIME: '500' },
      });
      await box.until('web');
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual(end.stdout, ['web', 'logger ends']);
      assert.deepEqual([end.verdict?.killed, end.left], [['web/left-behind'], []]);
      assert.match(killProblems(end.events)[0] ?? '', /^web: sleep /);
    },

  'a daemon that holds the pipe of the catch-all logger is stopped before that logger':
    async () => {
      await using box = await container({
        tree: { 'cont-init.d/10': sh("setsid sh -c 'echo up; exec sleep 600' &", 'echo >&2') },
        options: { logging: 1, loggingDirectory: 'work/log' },
      });
      await box.until(phase('running'));
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual([end.verdict?.killed, end.left], [[], []]);
    },

  'a leftover that ends on TERM is not reported': async () => {
    await using box = await container({
      tree: {
        'cont-init.d/10': sh('sleep 600 &', 'setsid sleep 600 &'),
        'services.d/web/run': sh('sleep 600 &', 'echo up', stay),
      },
    });
    await box.until('up');
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual([end.verdict?.killed, killProblems(end.events), end.left], [[], [], []]);
  },
});
