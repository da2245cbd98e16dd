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

/** Of how many services some are killed. */
export const losing = 100;
/** How many then, in each run: 200 in five. */
export const kills = 40;
/** The same for whoever takes a second for each. */
const fewKills = 3;
/** The peers' floor of a second holds only for what has not lived that long, in milliseconds. */
const longer = 1200;

/**
 * The lives of so many services that only sleep. One life gives several figures, so each is lived once:
 *
 * - `cold`: milliseconds from the start of the supervisor's process until all run
 * - `warm`: the same from the call of `start()`; a peer that is no guest has nothing to load, so its cold one is taken
 * - `delay`: the 99th percentile of the delay of the host's loop meanwhile (guests)
 * - `memory`: megabytes of the supervising processes
 * - `restart` and `restartP99`: milliseconds from the death of a service to the first line of its next run, if it is `wanted` and these are
 *   the lives of which some are lost
 * - `stop`: milliseconds until all services are gone, if it is `wanted` and there are none of more services
 */
export function sleepingLives(setting: Setting, count: number): Promise<Reaches> {
  const lived = lives.get(setting) ?? new Map<number, Promise<Reaches>>();
  lives.set(setting, lived);
  const known = lived.get(count) ?? live(setting, count);
  lived.set(count, known);
  return known;
}

/** How many services are started, at a time. */
export const started: readonly number[] = [1, 10, 100, 500];

/** How many services are stopped: as many as are started at most. */
export function stopping(setting: Pick<Setting, 'most'>): number {
  return countsIn(setting, started).at(-1) ?? 1;
}

/** Which numbers of services a setting allows. */
export function countsIn(
  { most }: Pick<Setting, 'most'>,
  counts: readonly number[],
): readonly number[] {
  return counts.filter((count) => count <= most);
}

const lives = new WeakMap<Setting, Map<number, Promise<Reaches>>>();

/** How long a supervisor may put itself in order before its memory is looked at, in milliseconds. */
const settling = 250;

function live(
  { contenders, runs, workshop, most, wanted }: Setting,
  count: number,
): Promise<Reaches> {
  const able = contenders.filter(({ most = Infinity }) => count <= most);
  const loses = wanted('restart') && count === Math.min(losing, most);
  const stops = wanted('stop') && count === stopping({ most });
  const script = { services: sleepers(count), atOnce: loses };
  return alternate(able, runs, (contender) =>
    withLife(contender, workshop, script, async (lived) => {
      const { at } = await lived.announcements.reached(count);
      const seen = await look(contender, lived, at);
      const lost = loses ? await lose(contender, lived.announcements) : {};
      const living = lived.announcements.pids.slice(-count);
      return { ...seen, ...lost, ...(stops && { stop: await endOf(lived, living) }) };
    }),
  );
}

async function look({ isGuest }: Contender, lived: Lived, at: number): Promise<Reached> {
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
async function lose(
  { looksOnceASecond }: Contender,
  announcements: Announcements,
): Promise<Reached> {
  const { heard } = announcements;
  const doomed = heard.slice(0, looksOnceASecond === true ? fewKills : kills);
  const first = heard.length;
  await pause(Math.max(0, (doomed.at(-1)?.at ?? NaN) + longer - now()));
  const times: number[] = [];
  for (const [index, { word }] of doomed.entries()) {
    const killed = now();
    process.kill(Number(word), 'SIGKILL');
    times.push((await announcements.reached(first + index + 1)).at - killed);
  }
  return { restart: median(times), restartP99: percentile(times, 0.99) };
}
