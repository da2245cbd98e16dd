import type { Figure } from '../figure.ts';
import type { Series } from '../series.ts';
import { countsIn, sleepingLives } from '../sleeping-lives.ts';

const counts = [1, 100, 500];
/** From so many services on this library is to need less memory than s6. */
const many = 200;

/** The memory of all supervising processes. */
export const size: Figure = {
  name: 'size',
  work: 'memory of the supervising processes (PSS) at 1, 100 and 500 services, and what each service adds',
  async measure(setting) {
    const series: Series[] = [];
    const able = countsIn(setting, counts);
    for (const count of able) {
      const samples = (await sleepingLives(setting, count)).get('memory') ?? {};
      series.push({ label: `memory at ${String(count)}`, unit: 'MB', samples });
    }
    const [first, last] = [series[0]?.samples, series.at(-1)?.samples];
    if (first === undefined || last === undefined || able.length < 2) return series;
    const added = (able.at(-1) ?? 0) - (able[0] ?? 0);
    const growth = byContender(last, (size, contender, run) => {
      const before = first[contender]?.[run] ?? NaN; // of a run that failed
      return (size - before) / added;
    });
    const crossing = byContender(growth, (own, contender, run) => {
      const ahead = (first[contender]?.[run] ?? NaN) - (first['s6']?.[run] ?? NaN);
      return 1 + ahead / ((growth['s6']?.[run] ?? NaN) - own);
    });
    return [
      ...series,
      {
        label: 'growth per service',
        unit: 'kB',
        samples: byContender(growth, (size) => size * 1024),
      },
      {
        ...{ label: 'services from which on it is smaller than s6', unit: '' },
        samples: known(only(crossing, 'stagekeeper', 'stagekeeper (native)')),
        budget: { of: 'value', atMost: many },
      },
    ];
  },
};

type Samples = Series['samples'];

/** Maps each sample; NaN for a run that failed. */
function byContender(
  samples: Samples,
  compute: (sample: number, contender: string, run: number) => number,
): Samples {
  return Object.fromEntries(
    Object.entries(samples).map(([contender, values]) => [
      contender,
      values.map((value, run) => compute(value, contender, run)),
    ]),
  );
}

function only(samples: Samples, ...names: readonly string[]): Samples {
  return Object.fromEntries(names.map((name) => [name, samples[name] ?? []]));
}

/** The finite samples; contenders without any are left out. */
function known(samples: Samples): Samples {
  return Object.fromEntries(
    Object.entries(samples)
      .map(([contender, values]) => [contender, values.filter(Number.isFinite)] as const)
      .filter(([, values]) => values.length > 0),
  );
}
