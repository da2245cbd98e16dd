import type { Figure } from '../figure.ts';
import type { Script } from '../life.ts';
import { named, withLife } from '../life.ts';
import { now } from '../announcements.ts';
import { alternate } from '../setting.ts';
import { cpuOf } from '../supervising.ts';

const bytes = 1_000_000_000;

/** A service that writes for ever, and a logger that announces when it has read enough. */
const services: Script['services'] = (announce) =>
  named(1, () => ({
    run: `#!/bin/sh\n${announce}\nexec yes ${'x'.repeat(99)}\n`,
    log: `#!/bin/sh\n${announce}\nhead -c ${String(bytes)} >/dev/null\n${announce}\nexec cat >/dev/null\n`,
  }));

/** The pipe between a service and its logger. */
export const log: Figure = {
  name: 'log',
  work: '1 GB of 100-byte lines through a service and its logger, and the CPU of the supervisor meanwhile',
  async measure({ contenders, workshop, runs }) {
    const able = contenders.filter(({ hasLoggers }) => hasLoggers);
    const reaches = await alternate(able, runs, (contender) =>
      withLife(contender, workshop, { services }, async ({ life, announcements }) => {
        const { at } = await announcements.reached(2);
        const supervisors = life.supervisors();
        const [cpu, start] = [cpuOf(supervisors), now()];
        const end = (await announcements.reached(3)).at;
        const spent = cpuOf(supervisors) - cpu;
        return { rate: bytes / 1000 / (end - at), share: (100 * spent) / (now() - start) };
      }),
    );
    return [
      {
        ...{ label: 'throughput', unit: 'MB/s', samples: reaches.get('rate') ?? {} },
        budget: { of: 'ratio', to: 's6', atLeast: 0.95 },
      },
      {
        ...{ label: 'CPU of the supervisor', unit: '%', samples: reaches.get('share') ?? {} },
        budget: { of: 'value', atMost: 1 },
      },
    ];
  },
};
