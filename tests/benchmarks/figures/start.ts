import type { Figure } from '../figure.ts';
import type { Series } from '../series.ts';
import { countsIn, sleepingLives, started } from '../sleeping-lives.ts';

const ratios: Readonly<Record<number, number>> = { 100: 1, 500: 1.2 };
const most = Math.max(...started);

/** The time of a start until all services run. */
export const start: Figure = {
  name: 'start',
  work: '1, 10, 100 and 500 services (exec sleep) until all run: from start(), and cold, from the start of the process',
  async measure(setting) {
    const series: Series[] = [];
    for (const count of countsIn(setting, started)) {
      const lives = await sleepingLives(setting, count);
      const ratio = ratios[count];
      const budget = { of: 'ratio', to: 's6', atMost: ratio ?? NaN } as const;
      const nativeBudget = { of: 'ratio', to: 'C', atMost: 1.5 } as const;
      series.push(
        {
          label: `start of ${String(count)}`,
          unit: 'ms',
          samples: lives.get('warm') ?? {},
          ...(ratio !== undefined && { budget }),
          ...(count === most && { nativeBudget }),
        },
        { label: `start of ${String(count)}, cold`, unit: 'ms', samples: lives.get('cold') ?? {} },
      );
      if (count !== most) continue;
      series.push({
        label: `loop delay p99, start of ${String(count)}`,
        unit: 'ms',
        samples: lives.get('delay') ?? {},
        budget: { of: 'value', atMost: 20 },
      });
    }
    return series;
  },
};
