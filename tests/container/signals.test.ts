/*
 * Signals to PID 1: from outside, as `docker stop` sends them, and from inside.
 */
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { until } from '../processes.ts';
import type { Container, ContainerOptions } from './rig.ts';
import { container, inContainers, phase, service, sh, stay } from './rig.ts';

/** A service that prints when it gets TERM, and its finish script. */
const printing = {
  'services.d/web/run': sh('trap "echo web has TERM >&2; exit 0" TERM', 'echo web runs', stay),
  'services.d/web/finish': sh('echo "finish $1 $2" >&2'),
};

/** Waits for the end of the container, checks that this signal ended it, and returns the lines on stderr. */
async function stderrAtEnd(
  box: Container,
  signal: 'SIGTERM' | 'SIGINT' | 'SIGQUIT',
): Promise<readonly string[]> {
  const end = await box.ended;
  const exitCode = 128 + constants.signals[signal];
  assert.deepEqual([end.code, end.signal], [exitCode, null]);
  assert.deepEqual(end.verdict, { exitCode, reason: 'signal', signal, killed: [] });
  assert.deepEqual([end.left, end.files], [[], []]);
  return end.stderr;
}

/** The pid of a service inside, by its events; it must have been started exactly once. */
function onlyPidOf(box: Container, name: string): number | undefined {
  const pids = box.events.flatMap((event) =>
    event.type === 'service' && event.service === name && event.to === 'up' ? [event.pid] : [],
  );
  assert.equal(pids.length, 1, `${name} was started ${String(pids.length)} times`);
  return pids[0];
}

const termDuringInit: ContainerOptions = {
  tree: {
    ...printing,
    'cont-init.d/10': sh('echo init begins >&2', stay),
    'cont-init.d/20': sh('echo never >&2'),
    'cont-finish.d/10': sh('echo bye >&2'),
  },
};

inContainers('signals to PID 1', {
  ...Object.fromEntries(
    (['SIGTERM', 'SIGINT', 'SIGQUIT'] as const).map((signal) => [
      // The exit code is 128 + the signal's number, where v2 has 0, and v3 has 129 for INT.
      `${signal} stops services, their finish scripts, loggers and the finish stage in this order (case 68)`,
      async () => {
        await using box = await container({
          tree: {
            ...printing,
            'services.d/web/log/run': sh(
              'while read -r line; do echo "log: $line" >&2; done',
              'echo log is at its end >&2',
            ),
            'cont-finish.d/10': sh('echo first >&2'),
            'cont-finish.d/20': sh('echo second >&2'),
          },
        });
        await box.until('log: web runs');
        box.kill(signal);
        const stderr = await stderrAtEnd(box, signal);
        assert.deepEqual(stderr, [
          'log: web runs',
          'web has TERM',
          'finish 0 0',
          'log is at its end',
          'first',
          'second',
        ]);
      },
    ]),
  ),

  'PID 1 waits for signals when no service of its tree runs': async () => {
    await using box = await container({
      tree: {
        'services.d/web/run': sh('exit 0'),
        'services.d/web/finish': sh('exit 125'),
        'cont-finish.d/10': sh('echo bye >&2'),
      },
    });
    await box.until(service('web', 'failed'));
    await box.write({ 'services.d/new/run': sh('echo new runs', stay) });
    box.kill('SIGHUP');
    await box.until('new runs');
    box.kill('SIGTERM');
    assert.deepEqual(await stderrAtEnd(box, 'SIGTERM'), ['bye']);
  },

  // As in s6-overlay 2.2 and v3; before 2.2, HUP stopped everything.
  'SIGHUP starts a new service, stops a removed one and leaves the others alone (case 67)':
    async () => {
      await using box = await container({
        tree: {
          'services.d/kept/run': sh('echo kept runs', stay),
          'services.d/old/run': sh('trap "echo old ends; exit 0" TERM', 'echo old runs', stay),
        },
      });
      await box.until('kept runs');
      await box.until('old runs');
      const kept = onlyPidOf(box, 'kept');
      await box.remove('services.d/old');
      await box.write({ 'services.d/new/run': sh('echo new runs', stay) });
      box.kill('SIGHUP');
      await box.until('new runs');
      await box.until('old ends');
      await box.until(service('old', 'down'));
      const pids = box.processes().map(({ pid }) => pid);
      assert.deepEqual(pids, [1, kept, onlyPidOf(box, 'new')]);
      box.kill('SIGTERM');
      assert.deepEqual(await stderrAtEnd(box, 'SIGTERM'), []);
      assert.equal(onlyPidOf(box, 'kept'), kept);
    },

  'repeated SIGHUP leaves unchanged services alone': async () => {
    await using box = await container({ tree: printing });
    await box.until('web runs');
    for (const times of [1, 2, 3]) {
      await box.write({ [`services.d/new${String(times)}/run`]: sh('exec sleep 600') });
      box.kill('SIGHUP');
      await box.until(service(`new${String(times)}`, 'up'));
    }
    onlyPidOf(box, 'web');
    onlyPidOf(box, 'new1');
    box.kill('SIGTERM');
    await stderrAtEnd(box, 'SIGTERM');
  },

  'SIGTERM at any moment of the start ends the container in order': async () => {
    const moments = [undefined, phase('initializing'), phase('starting'), service('web', 'up')];
    for (const moment of moments) {
      await using box = await container({
        tree: {
          // Without a trap, which may not be set yet.
          'services.d/web/run': sh(stay),
          'cont-init.d/10': sh('exit 0'),
          'cont-finish.d/10': sh('echo bye >&2'),
        },
      });
      if (moment !== undefined) await box.until(moment);
      box.kill('SIGTERM');
      assert.equal((await stderrAtEnd(box, 'SIGTERM')).at(-1), 'bye');
    }
  },

  'SIGHUP during a stop starts no new service': async () => {
    await using box = await container({
      tree: {
        ...printing,
        'cont-finish.d/10': sh('echo 10 begins >&2', 'until test -e go; do sleep 0.05; done'),
      },
    });
    await box.until('web runs');
    box.kill('SIGTERM');
    await box.until('10 begins');
    await box.write({ 'services.d/new/run': sh('echo never >&2') });
    box.kill('SIGHUP');
    await box.write({ 'cont-finish.d/go': '' });
    const stderr = await stderrAtEnd(box, 'SIGTERM');
    assert.deepEqual(stderr, ['web has TERM', 'finish 0 0', '10 begins']);
  },

  'SIGTERM during the init stage ends its script, starts no service and runs the finish stage':
    async () => {
      await using box = await container(termDuringInit);
      await box.until('init begins');
      box.kill('SIGTERM');
      assert.deepEqual(await stderrAtEnd(box, 'SIGTERM'), ['init begins', 'bye']);
    },

  'SIGTERM ends the wait for a service that never becomes ready': async () => {
    await using box = await container({
      tree: {
        ...printing,
        'services.d/web/notification-fd': '3\n',
        'cont-finish.d/10': sh('echo bye >&2'),
      },
      options: { timeouts: { readiness: 60_000 } },
    });
    await box.until('web runs');
    assert.equal(box.events.some(phase('running')), false);
    box.kill('SIGTERM');
    const stderr = await stderrAtEnd(box, 'SIGTERM');
    assert.deepEqual(stderr, ['web has TERM', 'finish 0 0', 'bye']);
    assert.equal(box.events.some(phase('running')), false);
  },

  'SIGTERM lets the running finish script of a service end, and the service is not restarted':
    async () => {
      await using box = await container({
        tree: {
          'services.d/web/run': sh('echo web runs >&2', 'exit 3'),
          'services.d/web/finish': sh(
            'trap "echo finish has TERM >&2" TERM',
            'echo "finish $1 $2" >&2',
            'until test -e go; do sleep 0.05; done',
            'echo finished >&2',
          ),
          'cont-finish.d/10': sh('echo bye >&2'),
        },
      });
      await box.until('finish 3 0');
      box.kill('SIGTERM');
      await box.until(phase('stopping'));
      await box.write({ 'services.d/web/go': '' });
      const stderr = await stderrAtEnd(box, 'SIGTERM');
      assert.deepEqual(stderr, ['web runs', 'finish 3 0', 'finished', 'bye']);
    },

  'SIGTERM during the finish stage changes neither its course nor the exit code of the command':
    async () => {
      await using box = await container({
        tree: {
          'cont-finish.d/10': sh('echo 10 begins', 'until test -e go; do sleep 0.05; done'),
          'cont-finish.d/20': sh('echo 20'),
        },
        command: ['sh', '-c', 'exit 3'],
        run: { signals: { SIGTERM: 'stop', SIGHUP: 'rescan' } },
      });
      await box.until('10 begins');
      box.kill('SIGTERM');
      await box.write({ 'cont-finish.d/go': '' });
      const end = await box.ended;
      assert.deepEqual([end.code, end.verdict?.reason], [3, 'command']);
      assert.deepEqual(end.stdout, ['10 begins', '20']);
    },
});

inContainers('signals to PID 1 with services and commands that do not end on TERM', {
  'a service that ignores TERM is killed after S6_SERVICES_GRACETIME, and the verdict names it':
    async () => {
      await using box = await container({
        tree: {
          ...printing,
          'services.d/deaf/run': sh('trap "" TERM', 'echo deaf runs', stay),
          'services.d/deaf/finish': sh('echo "deaf was $1 $2"'),
          'cont-finish.d/10': sh('echo bye'),
        },
        env: { S6_SERVICES_GRACETIME: '1500' },
      });
      await box.until('web runs');
      await box.until('deaf runs');
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual([end.code, end.verdict?.killed], [143, ['deaf']]);
      assert.deepEqual(end.stderr, ['web has TERM', 'finish 0 0']);
      assert.deepEqual(end.stdout.slice(-2), ['deaf was 256 9', 'bye']);
      assert.deepEqual(end.left, []);
      const begins = end.events.find(phase('stopping'));
      const killed = end.events.find(service('deaf', 'finishing'));
      const took = (killed?.at ?? 0) - (begins?.at ?? 0);
      assert.ok(took >= 1499, `killed after ${String(took)} ms`);
    },

  'a stopped service is continued, so that TERM reaches it': async () => {
    await using box = await container({ tree: printing });
    await box.until('web runs');
    const web = box.processes().at(-1);
    process.kill(web?.outside ?? 0, 'SIGSTOP');
    await until(() => box.processes().at(-1)?.state === 'T', 'the stopped state');
    box.kill('SIGTERM');
    assert.deepEqual(await stderrAtEnd(box, 'SIGTERM'), ['web has TERM', 'finish 0 0']);
  },

  'SIGTERM with a command that exits with its own code ends the container with that code':
    async () => {
      await using box = await container({
        tree: { 'cont-finish.d/10': sh('echo bye') },
        command: ['sh', '-c', `trap 'echo command has TERM; exit 5' TERM; echo begins; ${stay}`],
      });
      await box.until('begins');
      box.kill('SIGTERM');
      const { code, verdict, stdout } = await box.ended;
      assert.deepEqual(verdict, { exitCode: 5, reason: 'signal', signal: 'SIGTERM', killed: [] });
      assert.deepEqual([code, stdout], [5, ['begins', 'command has TERM', 'bye']]);
    },

  'SIGTERM with a command without a trap ends the container with 128 + n': async () => {
    await using box = await container({
      tree: { 'cont-finish.d/10': sh('echo bye >&2') },
      command: ['sh', '-c', `echo begins >&2; ${stay}`],
    });
    await box.until('begins');
    box.kill('SIGTERM');
    assert.deepEqual(await stderrAtEnd(box, 'SIGTERM'), ['begins', 'bye']);
  },

  'a command that ignores TERM is killed, and the verdict names it': async () => {
    await using box = await container({
      tree: printing,
      command: ['sh', '-c', `trap '' TERM; echo begins >&2; ${stay}`],
      env: { S6_SERVICES_GRACETIME: '1500' },
    });
    await box.until('begins');
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual([end.code, end.verdict?.killed, end.left], [137, ['command'], []]);
    assert.deepEqual(end.stderr, ['begins', 'web has TERM', 'finish 0 0']);
  },
});

inContainers('other signals to PID 1', {
  'SIGALRM, SIGWINCH, SIGPIPE and SIGABRT have no effect on PID 1': async () => {
    await using box = await container({ tree: printing });
    await box.until('web runs');
    for (const signal of ['SIGALRM', 'SIGWINCH', 'SIGPIPE', 'SIGABRT'] as const) {
      box.kill(signal);
    }
    await box.write({ 'services.d/new/run': sh('exec sleep 600') });
    box.kill('SIGHUP');
    await box.until(service('new', 'up'));
    onlyPidOf(box, 'web');
    box.kill('SIGTERM');
    await stderrAtEnd(box, 'SIGTERM');
  },

  ...Object.fromEntries(
    (
      [
        ['SIGUSR1', 138],
        ['SIGUSR2', 140],
        ['SIGPWR', 158],
      ] as const
    ).map(([signal, code]) => [
      `${signal} stops everything, as in s6-overlay v3`,
      async () => {
        await using box = await container({ tree: printing });
        await box.until('web runs');
        box.kill(signal);
        const end = await box.ended;
        assert.deepEqual([end.code, end.verdict?.signal, end.left], [code, signal, []]);
        assert.deepEqual(end.stderr, ['web has TERM', 'finish 0 0']);
      },
    ]),
  ),

  'a signal map of the host decides: SIGUSR2 stops, SIGTERM is ignored': async () => {
    await using box = await container({
      tree: printing,
      run: { signals: { SIGUSR2: 'stop', SIGTERM: 'ignore' } },
    });
    await box.until('web runs');
    box.kill('SIGTERM');
    box.kill('SIGUSR2');
    const { code, verdict } = await box.ended;
    assert.deepEqual([code, verdict?.signal], [140, 'SIGUSR2']);
  },

  'SIGUSR1 has no effect when it is mapped to ignore, although Node starts its debugger on it':
    async () => {
      await using box = await container({
        tree: printing,
        run: { signals: { SIGUSR1: 'ignore', SIGTERM: 'stop' } },
      });
      await box.until('web runs');
      box.kill('SIGUSR1');
      box.kill('SIGTERM');
      assert.deepEqual(await stderrAtEnd(box, 'SIGTERM'), ['web has TERM', 'finish 0 0']);
    },

  'a finish script that sends TERM to PID 1 ends the container': async () => {
    await using box = await container({
      tree: {
        'services.d/web/run': sh('exit 1'),
        'services.d/web/finish': sh('kill -TERM 1'),
        'cont-finish.d/10': sh('echo bye >&2'),
      },
    });
    assert.deepEqual(await stderrAtEnd(box, 'SIGTERM'), ['bye']);
  },

  'KILL and STOP from inside have no effect on PID 1': async () => {
    await using box = await container({
      tree: { ...printing, 'cont-init.d/10': sh('kill -KILL 1; kill -STOP 1; echo still there') },
    });
    await box.until('still there');
    await box.until('web runs');
    box.kill('SIGTERM');
    await stderrAtEnd(box, 'SIGTERM');
  },
});
