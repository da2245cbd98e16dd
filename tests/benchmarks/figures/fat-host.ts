import { now } from '../announcements.ts';
import { native } from '../contenders/guest.ts';
import type { Figure } from '../figure.ts';
import { sleepers, withLife } from '../life.ts';
import { alternate } from '../setting.ts';

/** Megabytes of Buffers. */
const ballast = 1024;
const smallHost = 'native, small host';

/** The cost of starts in a large host, of which each fork copies the page tables. */
export const fatHost: Figure = {
  name: 'fat-host',
  work: 'in a host that holds 1 GB of Buffers: start of 100 services, the delay of its loop meanwhile, one restart; with native, also in a small host',
  async measure({ contenders, workshop, runs, most }) {
    const count = Math.min(100, most);
    const fat = contenders
      .filter(({ isGuest }) => isGuest)
      .map((contender) => ({ name: contender.name, contender, ballast }));
    // With the native spawner the large host is compared with a small one.
    const small = contenders
      .filter((contender) => contender === native)
      .map((contender) => ({ name: smallHost, contender, ballast: 0 }));
    const script = { services: sleepers(count), atOnce: true };
    const reaches = await alternate([...fat, ...small], runs, (one) =>
      withLife(one.contender, workshop, { ...script, ...one }, async ({ life, announcements }) => {
        const { at } = await announcements.reached(count);
        const start = at - ((await life.told?.('begun')) ?? NaN);
        const delay = (await life.told?.('startDelay')) ?? NaN;
        const killed = now();
        process.kill(announcements.pids[0] ?? NaN, 'SIGKILL');
        const restart = (await announcements.reached(count + 1)).at - killed;
        return { start, delay, restart };
      }),
    );
    const nativeBudget = { of: 'ratio', to: smallHost, atMost: 1.3 } as const;
    const series = (label: string, what: string) => ({
      ...{ label, unit: 'ms', samples: reaches.get(what) ?? {}, nativeBudget },
    });
    return [
      series(`start of ${String(count)}`, 'start'),
      series('loop delay p99 meanwhile', 'delay'),
      series('restart', 'restart'),
    ];
  },
};
