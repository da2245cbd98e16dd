import { setTimeout as pause } from 'node:timers/promises';
import type { Contender } from '../contenders/contender.ts';
import { stagekeeper } from '../contenders/guest.ts';
import type { Figure } from '../figure.ts';
import type { Lived } from '../life.ts';
import { sleepers, withLife } from '../life.ts';
import type { Setting } from '../setting.ts';
import { cpuOf, wakeUpsOf } from '../supervising.ts';

/** What all windows make together, in milliseconds. */
const lasts = 30_000;
/** V8 puts itself in order after a burst; that is not what idle means. */
const settling = 15_000;
/** What is left of it: V8 looks every 8 s, for minutes, whether the heap could be smaller. */
const unreduced = { name: 'the same, --no-memory-reducer', flags: ['--no-memory-reducer'] };

/** Who is idle, under which name, and what its Node is given. */
interface Idler {
  readonly name: string;
  readonly contender: Contender;
  readonly flags?: readonly string[];
}

/** What was spent in each window, by contender. */
type Spent = Readonly<Record<'wakeUps' | 'cpu', Readonly<Record<string, readonly number[]>>>>;

interface Idle {
  readonly name: string;
  readonly supervisors: readonly number[];
}

/** What a supervisor does while there is nothing to do. */
export const idle: Figure = {
  name: 'idle',
  work: 'CPU time and wake-ups of the supervising processes at 500 services (supervisord and pm2: 100), 30 s in as many windows as there are runs',
  async measure(setting) {
    const idlers = setting.contenders.flatMap((contender): readonly Idler[] => {
      const one = { name: contender.name, contender };
      return contender === stagekeeper ? [one, { ...one, ...unreduced }] : [one];
    });
    const spent = await together(setting, idlers, []);
    return [
      {
        ...{ label: 'wake-ups', unit: 'in 30 s', samples: spent.wakeUps },
        budget: { of: 'value', atMost: 0 },
      },
      { label: 'CPU time', unit: 'ms in 30 s', samples: spent.cpu },
    ];
  },
};

/** Starts one after the other; who is idle disturbs nobody, so that all can be looked at in the same time. */
function together(
  setting: Setting,
  [first, ...others]: readonly Idler[],
  idle: readonly Idle[],
): Promise<Spent> {
  if (first === undefined) return look(setting, idle);
  const { name, contender, flags = [] } = first;
  const count = Math.min(500, setting.most, contender.most ?? Infinity);
  const script = { services: sleepers(count), flags };
  return withLife(contender, setting.workshop, script, async ({ life, announcements }: Lived) => {
    await announcements.reached(count);
    const supervisors = life.supervisors();
    return together(setting, others, [...idle, { name, supervisors }]);
  });
}

async function look({ runs }: Setting, idle: readonly Idle[]): Promise<Spent> {
  await pause(settling);
  const empty = () => Object.fromEntries(idle.map(({ name }) => [name, [] as number[]]));
  const spent = { wakeUps: empty(), cpu: empty() };
  for (let run = 0; run < runs; run += 1) {
    const before = idle.map(stateOf);
    await pause(lasts / runs);
    for (const [index, one] of idle.entries()) {
      const after = stateOf(one);
      for (const what of ['wakeUps', 'cpu'] as const) {
        spent[what][one.name]?.push((after[what] - (before[index]?.[what] ?? NaN)) * runs);
      }
    }
  }
  return spent;
}

function stateOf({ supervisors }: Idle): { readonly cpu: number; readonly wakeUps: number } {
  return { cpu: cpuOf(supervisors), wakeUps: wakeUpsOf(supervisors) };
}
