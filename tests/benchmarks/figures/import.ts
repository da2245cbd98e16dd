import { now } from '../announcements.ts';
import type { Figure } from '../figure.ts';
import { numbersFrom } from '../numbers.ts';
import { alternate } from '../setting.ts';

/** The contenders and their programs in `hosts`. */
const programs = [
  { name: 'stagekeeper', program: 'import' },
  { name: 'bare node', program: 'bare' },
];
/** It is fast and its spread is large, so it is measured more often than the other figures. */
const times = 3;
const to = 'bare node';

/** The cost of importing the library, compared with a program that does nothing. */
export const importing: Figure = {
  name: 'import',
  work: "time and memory of a process that does nothing but import 'stagekeeper', against one that does nothing",
  async measure({ workshop, runs }) {
    // The first run builds the programs and reads them from the disk, so it does not count.
    for (const { program } of programs) await numbersFrom(workshop, program);
    const reaches = await alternate(programs, runs * times, async ({ program }) => {
      const start = now();
      const [bytes = NaN] = await numbersFrom(workshop, program);
      return { time: now() - start, memory: bytes / 1_048_576 };
    });
    const [time, memory] = [reaches.get('time') ?? {}, reaches.get('memory') ?? {}];
    return [
      {
        ...{ label: 'process, from start to end', unit: 'ms', samples: time },
        budget: { of: 'difference', to, atMost: 70 },
      },
      { label: 'memory (RSS)', unit: 'MB', samples: memory },
    ];
  },
};
