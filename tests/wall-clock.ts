import type { VirtualClock } from '../lib/testing/index.ts';

/**
 * Lets a clock be set, as a wall clock can be: it shows so many milliseconds more or less from then on. An alarm rings as long
 * after it was set as it showed then.
 */
export function asWallClock(clock: VirtualClock): (ms: number) => void {
  const now = clock.now.bind(clock);
  const at = clock.at.bind(clock);
  let ahead = 0;
  clock.now = () => now() + ahead;
  clock.at = (time, wake) => at(time - ahead, wake);
  // What is due is so by the time that passes.
  Object.defineProperty(clock, 'isDue', { get: () => (clock.next ?? Infinity) <= now() });
  return (ms) => {
    ahead += ms;
  };
}
