/*
 * A runtime directory on a disk that is really full.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import type { LifecycleEvent } from '../../lib/index.ts';
import { container, inContainers, phase, sh, stay } from './rig.ts';

/** Fills the container's `/run` with a file, before there is a host. */
const filling =
  'mount -o remount,size=256k /run && { cat /dev/zero >/run/fill 2>/dev/null; exec "$@"; }';

inContainers('a full disk', {
  'who cannot be run is told with the reason; services run once there is room (ENOSPC)':
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
      const told = box.events.flatMap(unspawnable);
      assert.deepEqual(
        told.map(([who]) => who),
        ['10', 'web/log', 'web'],
      );
      for (const [, why] of told) assert.match(why, /runtime directory .* ENOSPC: no space left/);
      rmSync(`/proc/${String(box.pid)}/root/run/fill`);
      // They are tried again after ten seconds, as under s6.
      await box.until('log: web runs');
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual([end.code, end.stdout, end.stderr], [143, ['bye'], ['log: web runs']]);
      assert.deepEqual([end.events.flatMap(unspawnable).length, end.left], [3, []]);
    },
});

function unspawnable(event: LifecycleEvent): readonly (readonly [who: string, why: string])[] {
  if (event.type !== 'problem' || event.problem.code !== 'unspawnable') return [];
  const [who = '', ...why] = event.problem.message.split(' cannot be run: ');
  return [[who, why.join('')]];
}
