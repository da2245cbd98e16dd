import { setTimeout as pause } from 'node:timers/promises';
import type { Contender } from '../contenders/contender.ts';
import { stagekeeper } from '../contenders/guest.ts';
import type { Figure } from '../figure.ts';
import type { Lived } from '../life.ts';
import { sleepers, withLife } from '../life.ts';
import type { Setting } from '../setting.ts';
import { cpuOf, wakeUpsOf } from '../supervising.ts';

/** The length of all windows together, in milliseconds. */
const totalTime = 30_000;
/** Milliseconds before the measurement: V8 works for a while after a start, which does not count as idle. */
const settling = 15_000;
/** Without the work of V8 that goes on for minutes: every 8 s it checks whether the heap can be smaller. */
const unreduced = { name: 'the same, --no-memory-reducer', flags: ['--no-memory-reducer'] };

/** A contender, its name in the figure, and flags for its Node. */
interface Idler {
  readonly name: string;
  readonly contender: Contender;
  readonly flags?: readonly string[];
}

/** What each contender has spent: the wake-ups of all windows together, and the CPU time of each window. */
type Spent = Readonly<Record<'wakeUps' | 'cpu', Readonly<Record<string, readonly number[]>>>>;

/** The CPU time in milliseconds and the wake-ups so far. */
interface State {
  readonly cpu: number;
  readonly wakeUps: number;
}

interface Idle {
  readonly name: string;
  readonly supervisors: readonly number[];
}

/** The CPU time and the wake-ups of a supervisor while nothing happens. */
export const idle: Figure = {
  name: 'idle',
  work: 'CPU time and wake-ups of the supervising processes at 500 services (supervisord and pm2: 100), 30 s, CPU time in as many windows as there are runs',
  async measure(setting) {
    const idlers = setting.contenders.flatMap((contender): readonly Idler[] => {
      const one = { name: contender.name, contender };
      return contender === stagekeeper ? [one, { ...one, ...unreduced }] : [one];
    });
    const spent = await startAll(setting, idlers, []);
    return [
      {
        ...{ label: 'wake-ups', unit: 'in 30 s', samples: spent.wakeUps },
        budget: { of: 'value', atMost: 0 },
      },
      { label: 'CPU time', unit: 'ms in 30 s', samples: spent.cpu },
    ];
  },
};

/** Starts one after the other. Idle contenders do not disturb each other, so all are measured at the same time. */
function startAll(
  setting: Setting,
  [first, ...others]: readonly Idler[],
  idle: readonly Idle[],
): Promise<Spent> {
  if (first === undefined) return measure(setting, idle);
  const { name, contender, flags = [] } = first;
  const count = Math.min(500, setting.most, contender.most ?? Infinity);
  const script = { services: sleepers(count), flags };
  return withLife(contender, setting.workshop, script, async ({ life, announcements }: Lived) => {
    await announcements.reached(count);
    const supervisors = life.supervisors();
    return startAll(setting, others, [...idle, { name, supervisors }]);
  });
}

async function measure({ runs }: Setting, idle: readonly Idle[]): Promise<Spent> {
  await pause(settling);
  const states = [idle.map(stateOf)];
  for (let run = 0; run < runs; run += 1) {
    await pause(totalTime / runs);
    states.push(idle.map(stateOf));
  }
  const spent = idle.map(({ name }, index) => {
    const ofOne = states.flatMap((each) => each[index] ?? []);
    return [name, spentIn(ofOne)] as const;
  });
  return {
    wakeUps: Object.fromEntries(spent.map(([name, { wakeUps }]) => [name, wakeUps])),
    cpu: Object.fromEntries(spent.map(([name, { cpu }]) => [name, cpu])),
  };
}

/**
 * What was spent between the first and the last of these states, which bound windows of the same length: all wake-ups, and the CPU
 * time of each window as if all were like it. A median of windows would lose wake-ups that come in fewer than half of them.
 */
export function spentIn(
  states: readonly State[],
): Readonly<Record<keyof State, readonly number[]>> {
  const windows = states.length - 1;
  const cpu = states
    .slice(1)
    .map((state, index) => (state.cpu - (states[index]?.cpu ?? NaN)) * windows);
  return { cpu, wakeUps: [(states.at(-1)?.wakeUps ?? NaN) - (states[0]?.wakeUps ?? NaN)] };
}

function stateOf({ supervisors }: Idle): State {
  return { cpu: cpuOf(supervisors), wakeUps: wakeUpsOf(supervisors) };
}
