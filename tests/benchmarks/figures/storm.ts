import { setTimeout as pause } from 'node:timers/promises';
import type { Figure } from '../figure.ts';
import { named, withLife } from '../life.ts';
import { alternate } from '../setting.ts';
import { cpuOf } from '../supervising.ts';

/** The length of each run in milliseconds: five runs make 20 s. */
const duration = 4000;

/** Services that die at once. */
export const storm: Figure = {
  name: 'storm',
  work: `200 services in a crash loop, ${String(duration / 1000)} s in each run, each supervisor with its usual restart delay`,
  async measure({ contenders, workshop, runs, most }) {
    const count = Math.min(200, most);
    const able = contenders.filter(({ most: own = Infinity }) => count <= own);
    const script = {
      services: (announce: string) =>
        named(count, () => ({ run: `#!/bin/sh\n${announce}\nexit 1\n` })),
      watch: true,
    };
    const reaches = await alternate(able, runs, (contender) =>
      withLife(contender, workshop, script, async ({ life, announcements }) => {
        await announcements.reached(count);
        await life.told?.('startDelay');
        const supervisors = life.supervisors();
        const [cpu, runsBefore] = [cpuOf(supervisors), announcements.received.length];
        await pause(duration);
        const spent = cpuOf(supervisors) - cpu;
        const restarts = announcements.received.length - runsBefore;
        if (contender.isGuest) await life.end();
        const delay = await life.told?.('lifeDelay');
        const perSecond = restarts / (duration / 1000);
        return { each: spent / restarts, perSecond, ...(delay !== undefined && { delay }) };
      }),
    );
    return [
      { label: 'CPU per restart', unit: 'ms', samples: reaches.get('each') ?? {} },
      { label: 'restarts', unit: '/s', samples: reaches.get('perSecond') ?? {} },
      { label: 'loop delay p99', unit: 'ms', samples: reaches.get('delay') ?? {} },
    ];
  },
};
