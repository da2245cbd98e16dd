/*
 * Edge cases of s6-overlay that show only in a container: its environment, its command, its exit code. The numbers of cases in
 * the titles are those of tests/conformance/edge-cases.test.ts.
 */
import assert from 'node:assert/strict';
import { container, inContainers, phase, sh, stay } from './rig.ts';

const never = { S6_CMD_WAIT_FOR_SERVICES: '1', S6_CMD_WAIT_FOR_SERVICES_MAXTIME: '1500' };

/** A service that never announces its readiness. */
const neverReady = {
  'services.d/web/run': sh('echo web runs', stay),
  'services.d/web/notification-fd': '3',
};

inContainers('the start of a container', {
  'a root without a stage folder is rejected; with an empty stage folder the command runs (case 12)':
    async () => {
      await using none = await container({ tree: { README: '' }, command: ['sh', '-c', 'exit 9'] });
      assert.match((await none.ended).failure ?? '', /TreeError/);
      await using empty = await container({
        tree: { 'services.d/.keep': '' },
        command: ['sh', '-c', 'exit 9'],
      });
      assert.equal((await empty.ended).code, 9);
    },

  // s6-overlay gives it a PATH alone; in this PATH the folder with the shims comes first.
  'under S6_KEEP_ENV=0 a script without with-contenv gets a PATH and no other variable (case 13)':
    async () => {
      await using box = await container({
        tree: { 'cont-init.d/10': sh('env >"$(dirname "$0")/../seen"'), 'services.d/.keep': '' },
        env: { GIVEN: 'this', S6_KEEP_ENV: '0' },
        command: ['sh', '-c', 'grep -v "^PWD=\\|^_=\\|^OLDPWD=\\|^SHLVL=" root/seen'],
      });
      const { stdout } = await box.ended;
      assert.equal(stdout.length, 1, stdout.join());
      assert.match(stdout[0] ?? '', /^PATH=.+:\/usr\/bin:/);
    },
});

inContainers('a command that waits for the services', {
  'the command runs when the time for readiness is over (case 44)': async () => {
    await using box = await container({
      tree: neverReady,
      env: never,
      command: ['sh', '-c', 'exit 3'],
    });
    const end = await box.ended;
    const starting = end.events.find(phase('starting'))?.at ?? 0;
    const running = end.events.find(phase('running'))?.at ?? 0;
    assert.ok(running - starting >= 1400);
    assert.deepEqual([end.code, end.left], [3, []]);
  },

  'with S6_BEHAVIOUR_IF_STAGE2_FAILS=2 the command does not run then, and the exit code is 1 (case 44)':
    async () => {
      await using box = await container({
        tree: neverReady,
        env: { ...never, S6_BEHAVIOUR_IF_STAGE2_FAILS: '2' },
        command: ['echo', 'never'],
      });
      const end = await box.ended;
      assert.deepEqual([end.code, end.stdout, end.left], [1, ['web runs'], []]);
    },

  'the command does not wait for a service that has a down file (case 45)': async () => {
    await using box = await container({
      tree: { ...neverReady, 'services.d/web/down': '' },
      env: {
        S6_CMD_WAIT_FOR_SERVICES: '1',
        S6_CMD_WAIT_FOR_SERVICES_MAXTIME: '600000',
        S6_BEHAVIOUR_IF_STAGE2_FAILS: '2',
      },
      command: ['sh', '-c', 'exit 3'],
    });
    const end = await box.ended;
    assert.deepEqual([end.code, end.stdout], [3, []]);
  },
});

inContainers('the words of the command', {
  'the words of S6_CMD_ARG0 come before those of the command, split at blanks (case 79)':
    async () => {
      await using box = await container({
        tree: { 'services.d/.keep': '' },
        env: { S6_CMD_ARG0: 'sh -c' },
        command: ['echo "works"; exit 6'],
      });
      const end = await box.ended;
      assert.deepEqual([end.code, end.stdout], [6, ['works']]);
    },

  // As in s6-overlay v3; v2 would run them.
  'S6_CMD_ARG0 without a command runs no command (case 79)': async () => {
    await using box = await container({
      tree: { 'services.d/web/run': sh('echo web runs', stay) },
      env: { S6_CMD_ARG0: 'echo never' },
    });
    await box.until('web runs');
    await box.until(phase('running'));
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual([end.code, end.stdout], [143, ['web runs']]);
  },
});

inContainers('the end of a container', {
  'without leftovers S6_KILL_GRACETIME is not waited for, where s6-overlay sleeps (case 69)':
    async () => {
      await using box = await container({
        tree: { 'services.d/web/run': sh('echo web runs', stay) },
        env: { S6_KILL_GRACETIME: '60000' },
        limit: 30_000,
      });
      await box.until('web runs');
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual([end.code, end.left], [143, []]);
    },

  'under S6_KILL_GRACETIME=0 a leftover that ignores TERM is killed at once (case 70)':
    async () => {
      await using box = await container({
        tree: {
          'services.d/web/run': sh(
            `sh -c 'trap "" TERM HUP; echo left behind; ${stay}' &`,
            'echo web runs',
            stay,
          ),
        },
        env: { S6_KILL_GRACETIME: '0' },
      });
      await box.until('left behind');
      await box.until('web runs');
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual([end.code, end.left], [143, []]);
      const problems = end.events.flatMap((event) =>
        event.type === 'problem' ? event.problem : [],
      );
      assert.match(problems[0]?.message ?? '', /not ended within 0 ms; it is killed/);
    },

  // In s6-overlay v3 a longrun that is not down within its timeout-down keeps the finish scripts from running.
  'the finish scripts run also when a service had to be killed (case 72)': async () => {
    await using box = await container({
      tree: {
        'services.d/deaf/run': sh('trap "" TERM', 'echo deaf runs', stay),
        'services.d/deaf/timeout-kill': '300',
        'cont-finish.d/10': sh('echo bye'),
      },
    });
    await box.until('deaf runs');
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual([end.stdout.at(-1), end.verdict?.killed], ['bye', ['deaf']]);
  },
});
