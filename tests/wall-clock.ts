import type { VirtualClock } from '../lib/testing/index.ts';

/**
 * Makes a clock adjustable like a wall clock; the returned function moves its time forward or back by `ms` milliseconds. An alarm
 * that is set already keeps its remaining duration.
 */
export function asWallClock(clock: VirtualClock): (ms: number) => void {
  const now = clock.now.bind(clock);
  const at = clock.at.bind(clock);
  let ahead = 0;
  clock.now = () => now() + ahead;
  clock.at = (time, wake) => at(time - ahead, wake);
  // What is due depends on the time that has passed.
  Object.defineProperty(clock, 'isDue', { get: () => (clock.next ?? Infinity) <= now() });
  return (ms) => {
    ahead += ms;
  };
}
