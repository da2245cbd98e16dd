/*
 * A runtime directory on a full disk.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import type { LifecycleEvent } from '../../lib/index.ts';
import { container, inContainers, phase, sh, stay } from './rig.ts';

/** Fills the container's `/run` with a file before the host starts. */
const filling =
  'mount -o remount,size=256k /run && { cat /dev/zero >/run/fill 2>/dev/null; exec "$@"; }';

inContainers('a full disk', {
  'a program that ENOSPC prevents from running is reported with the reason; services run once there is space':
    async () => {
      await using box = await container({
        tree: {
          'cont-init.d/10': sh('echo never'),
          'services.d/web/run': sh('echo web runs', stay),
          'services.d/web/log/run': sh('while read -r line; do echo "log: $line" >&2; done'),
          'cont-finish.d/90': sh('echo bye'),
        },
        init: ['sh', '-c', filling, 'sh'],
        ownRun: true,
        options: { runtimeDirectory: '/run/s6' },
      });
      await box.until(phase('running'));
      const problems = box.events.flatMap(unspawnable);
      assert.deepEqual(
        problems.map(([program]) => program),
        ['the init script', 'the service', 'the service'],
      );
      for (const [, reason] of problems)
        assert.match(reason, /runtime directory .* ENOSPC: no space left/);
      rmSync(`/proc/${String(box.pid)}/root/run/fill`);
      // They are tried again after ten seconds, as under s6.
      await box.until('log: web runs');
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual([end.code, end.stdout, end.stderr], [143, ['bye'], ['log: web runs']]);
      assert.deepEqual([end.events.flatMap(unspawnable).length, end.left], [3, []]);
    },
});

function unspawnable(
  event: LifecycleEvent,
): readonly (readonly [program: string, reason: string])[] {
  if (event.type !== 'problem' || event.problem.code !== 'unspawnable') return [];
  const [program = '', ...reason] = event.problem.message.split(' cannot be run: ');
  return [[program, reason.join('')]];
}
