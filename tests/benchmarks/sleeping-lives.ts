import { setTimeout as pause } from 'node:timers/promises';
import type { Announcements } from './announcements.ts';
import { now } from './announcements.ts';
import type { Contender } from './contenders/contender.ts';
import type { Lived } from './life.ts';
import { endOf, sleepers, withLife } from './life.ts';
import type { Reached, Reaches, Setting } from './setting.ts';
import { alternate } from './setting.ts';
import { median, percentile } from './statistics.ts';
import { memoryOf } from './supervising.ts';

/** The number of services in the run in which some are killed. */
export const servicesInRestart = 100;
/** How many of them are killed in each run: 200 in five runs. */
export const kills = 40;
/** The same for a contender that takes a second for each restart. */
const fewKills = 3;
/** Milliseconds that a service has lived before it is killed: peers delay the restart of one that has lived less than a second. */
const minLife = 1200;

/**
 * Runs so many services that only sleep. One run gives values for several figures, so each is done once:
 *
 * - `cold`: milliseconds from the start of the supervisor's process until all run
 * - `warm`: the same from the call of `start()`; for a peer with a process of its own, the cold value
 * - `delay`: the 99th percentile of the delay of the host's loop meanwhile (guests)
 * - `memory`: megabytes of the supervising processes
 * - `restart` and `restartP99`: milliseconds from the death of a service to the first line of its next run, if the figure is
 *   `wanted` and this is the run in which some services are killed
 * - `stop`: milliseconds until all services have exited, if the figure is `wanted` and no run has more services
 */
export function sleepingLives(setting: Setting, count: number): Promise<Reaches> {
  const lived = lives.get(setting) ?? new Map<number, Promise<Reaches>>();
  lives.set(setting, lived);
  const known = lived.get(count) ?? live(setting, count);
  lived.set(count, known);
  return known;
}

/** The numbers of services in the figure `start`. */
export const started: readonly number[] = [1, 10, 100, 500];

/** The number of services in the figure `stop`: the largest that is started. */
export function stopping(setting: Pick<Setting, 'most'>): number {
  return countsIn(setting, started).at(-1) ?? 1;
}

/** The numbers of services that a setting allows. */
export function countsIn(
  { most }: Pick<Setting, 'most'>,
  counts: readonly number[],
): readonly number[] {
  return counts.filter((count) => count <= most);
}

const lives = new WeakMap<Setting, Map<number, Promise<Reaches>>>();

/** Milliseconds between the start and the measurement of memory. */
const settling = 250;

function live(
  { contenders, runs, workshop, most, wanted }: Setting,
  count: number,
): Promise<Reaches> {
  const able = contenders.filter(({ most = Infinity }) => count <= most);
  const measuresRestarts = wanted('restart') && count === Math.min(servicesInRestart, most);
  const measuresStop = wanted('stop') && count === stopping({ most });
  const script = { services: sleepers(count), atOnce: measuresRestarts };
  return alternate(able, runs, (contender) =>
    withLife(contender, workshop, script, async (lived) => {
      const { at } = await lived.announcements.reached(count);
      const atStart = await measureStart(contender, lived, at);
      const restarts = measuresRestarts
        ? await measureRestarts(contender, lived.announcements)
        : {};
      const living = lived.announcements.pids.slice(-count);
      return { ...atStart, ...restarts, ...(measuresStop && { stop: await endOf(lived, living) }) };
    }),
  );
}

async function measureStart({ isGuest }: Contender, lived: Lived, at: number): Promise<Reached> {
  const { life, born } = lived;
  const begun = (await life.told?.('begun')) ?? born;
  const delay = await life.told?.('startDelay');
  await pause(settling);
  const memory = memoryOf(life.supervisors());
  const cold = at - born;
  const warm = at - begun;
  return { cold, warm, memory, ...(isGuest && delay !== undefined && { delay }) };
}

/** Kills services, the oldest first. */
async function measureRestarts(
  { looksOnceASecond }: Contender,
  announcements: Announcements,
): Promise<Reached> {
  const { received } = announcements;
  const targets = received.slice(0, looksOnceASecond === true ? fewKills : kills);
  const first = received.length;
  await pause(Math.max(0, (targets.at(-1)?.at ?? NaN) + minLife - now()));
  const times: number[] = [];
  for (const [index, { word }] of targets.entries()) {
    const killed = now();
    process.kill(Number(word), 'SIGKILL');
    times.push((await announcements.reached(first + index + 1)).at - killed);
  }
  return { restart: median(times), restartP99: percentile(times, 0.99) };
}
