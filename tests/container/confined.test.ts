/*
 * Containers with few rights: without root, or with a read-only root directory.
 */
import assert from 'node:assert/strict';
import { container, inContainers, noNobody, phase, service, sh, stay } from './rig.ts';

/** A tree with all stages, as images have it: no script is executable, and each uses with-contenv. */
const image = {
  'cont-init.d/10-config': plain('printf "port=%s" "$PORT" >"$WORK/config"'),
  'services.d/web/run': plain(
    'trap "echo web ends; exit 0" TERM',
    'echo "web has $(cat "$WORK/config")"',
    stay,
  ),
  'services.d/web/log/run': plain('while read -r line; do echo "log: $line"; done'),
  'services.d/ready/run': plain('echo >&3', stay),
  'services.d/ready/notification-fd': '3\n',
  'cont-finish.d/10-bye': plain('echo bye'),
};

function plain(...lines: readonly string[]): { content: string; mode: number } {
  return {
    content: sh(...lines).replace('/bin/sh', '/usr/bin/with-contenv sh'),
    mode: 0o644,
  };
}

const whole = ['log: web has port=8080', 'log: web ends', 'bye'];

inContainers('containers without root', {
  'a tree starts, runs and stops in order under the account nobody': {
    skip: noNobody,
    test: async () => {
      await using box = await container({ tree: image, env: { PORT: '8080' }, user: 'nobody' });
      await box.until('log: web has port=8080');
      await box.until(phase('running'));
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual([end.code, end.stdout, end.stderr], [143, whole, []]);
      assert.deepEqual([end.left, end.files], [[], []]);
    },
  },

  'a host under the account nobody uses the runtime directory that it names': {
    skip: noNobody,
    test: async () => {
      await using box = await container({
        tree: { 'services.d/web/run': sh('echo "in ${STAGEKEEPER_RUNTIME##*/}"', stay) },
        user: 'nobody',
        env: { TMPDIR: '/no/such/folder' },
        options: { runtimeDirectory: 'work/run' },
      });
      await box.until('in run');
      box.kill('SIGTERM');
      assert.equal((await box.ended).code, 143);
    },
  },

  'a host under the account nobody reports a service that needs root, and runs the others': {
    skip: noNobody,
    test: async () => {
      await using box = await container({
        tree: { ...image, 'services.d/root/run': sh('echo never') },
        env: { PORT: '8080' },
        options: { services: { root: { user: 'root' } }, timeouts: { readiness: 500 } },
        user: 'nobody',
      });
      await box.until((event) => event.type === 'problem' && event.problem.path.includes('root'));
      await box.until('log: web has port=8080');
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual([end.code, end.stdout], [143, whole]);
    },
  },

  'a host under root starts a service as nobody, with its uid, its gid and its groups': {
    skip: noNobody,
    test: async () => {
      await using box = await container({
        tree: {
          'services.d/web/run': sh('id -u; id -g; id -G; touch "$WORK/mine"', stay),
          'services.d/web/finish': sh('echo "finish as $(id -u)"'),
        },
        options: { services: { web: { user: 'nobody' } } },
      });
      await box.until('65534', 3);
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual([end.code, end.stderr], [143, []]);
    },
  },
});

inContainers('containers with a read-only root', {
  ...Object.fromEntries(
    (['root', 'nobody'] as const).map((user) => [
      `a tree starts, runs and stops in order as ${user}`,
      {
        skip: user === 'nobody' && noNobody,
        test: async (): Promise<void> => {
          await using box = await container({
            tree: image,
            env: { PORT: '8080' },
            readOnlyRoot: true,
            ...(user === 'nobody' && { user }),
          });
          await box.until('log: web has port=8080');
          await box.until(phase('running'));
          box.kill('SIGTERM');
          const end = await box.ended;
          assert.deepEqual([end.code, end.stdout, end.stderr], [143, whole, []]);
          assert.deepEqual([end.left, end.files], [[], []]);
          const codes = end.warnings.map(({ code }) => code);
          assert.deepEqual(codes, Array(5).fill('not-executable'));
        },
      },
    ]),
  ),

  'an init script that writes to the tree fails, which an event reports, and the services run':
    async () => {
      await using box = await container({
        tree: { ...image, 'cont-init.d/20-write': sh('set -e', ': >../services.d/web/down') },
        env: { PORT: '8080' },
        readOnlyRoot: true,
      });
      await box.until('log: web has port=8080');
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.match(end.stderr.join(), /Read-only file system/);
      const codes = end.events.flatMap((event) =>
        event.type === 'script' && event.stage === 'init' && event.exit ? [event.exit.code] : [],
      );
      assert.deepEqual(codes, [0, 2]);
      assert.deepEqual([end.code, end.stdout], [143, whole]);
    },

  'a service that is added from outside starts on SIGHUP': async () => {
    await using box = await container({
      tree: image,
      env: { PORT: '8080' },
      readOnlyRoot: true,
    });
    await box.until('log: web has port=8080');
    await box.write({ 'services.d/new/run': plain(stay) });
    box.kill('SIGHUP');
    await box.until(service('new', 'up'));
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual([end.code, end.left], [143, []]);
  },
});
