/*
 * Process 1 in /run/s6 makes the links of s6-overlay, so that absolute paths in scripts lead to its programs.
 */
import assert from 'node:assert/strict';
import { noOwnRoot } from './namespace.ts';
import { container, inContainers, phase, sh, stay } from './rig.ts';

const links = [
  '/command',
  '/package',
  '/run/service',
  '/usr/bin/with-contenv',
  '/bin/with-contenv',
  '/usr/bin/printcontenv',
  '/usr/bin/logutil-service',
  '/run/s6',
];

const host = new URL('linking-host.ts', import.meta.url);
const options = { runtimeDirectory: '/run/s6' };

const tree = {
  helper: { content: '#!/usr/bin/with-contenv sh\necho "helper has $GREETING"\n', mode: 0o755 },
  'cont-init.d/10-own-path': sh(
    `env -i PATH=/usr/bin:/bin sh -c 's6-test 1 -eq 1 && printcontenv GREETING'`,
  ),
  'services.d/db/data/check': {
    content: '#!/command/with-contenv sh\necho checked\n',
    mode: 0o755,
  },
  'services.d/db/run': sh(
    '/run/service/db/data/check',
    '/package/admin/s6/command/s6-svok /run/service/db && echo known',
    stay,
  ),
  'services.d/web/run': sh(
    '../../helper',
    `exec /command/s6-setuidgid nobody sh -c 'echo "uid $(id -u)"; ${stay}'`,
  ),
};

inContainers('the links of s6-overlay', {
  'absolute paths, helper scripts and a PATH of their own work, and no link is left': {
    skip: noOwnRoot(),
    test: async () => {
      await using box = await container({
        ...{ tree, host, options, ownRoot: true, more: links },
        env: { GREETING: 'hello' },
      });
      for (const line of ['hello', 'helper has hello', 'uid 65534', 'checked', 'known'])
        await box.until(line);
      await box.until(phase('running'));
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual([end.code, end.stderr, end.warnings], [143, [], []]);
      assert.equal(box.read('left'), '');
    },
  },

  'a root that is read-only has no links, and the problem tells which it needs': async () => {
    await using box = await container({
      ...{ host, options, ownRun: true, more: links },
      tree: { 'services.d/web/run': sh('/command/s6-svok /run/service/web', 'echo goes on', stay) },
    });
    await box.until('goes on');
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual(
      end.warnings.map(({ code, line }) => [code, line]),
      [['program-absolute', 2]],
    );
    assert.match(end.warnings[0]?.remedy ?? '', /RUN ln -s \/run\/s6\/bin \/command/);
  },
});
