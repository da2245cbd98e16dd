/** The port for time. */
export interface Clock {
  /** The current time in milliseconds; never goes back, and never jumps. */
  now(): number;
  /** Calls `wake` once, at `time` or soon after; returns a function that cancels the call. */
  at(time: number, wake: () => void, options?: AlarmOptions): () => void;
  /**
   * A moment of `now()` by the wall clock as it is set now, in epoch milliseconds: the wall clock may be set while the host runs.
   * Default: the same number.
   */
  timeOfDay?(moment: number): number;
}

/** How an alarm is set. */
export interface AlarmOptions {
  /** Whether nothing waits for it: it keeps no process alive, and a virtual clock does not advance for its sake. Default: false. */
  readonly background?: boolean;
}

/** `setTimeout` takes 32 bits: a later timer is set in steps. */
const longestTimeout = 2 ** 31 - 1;

/** Milliseconds by which the wall clock has been set since this process began. */
let shift = 0;

/** The two clocks are read one after the other; a smaller difference is not a change of the wall clock. */
const smallestShift = 5;

/** The host's time. `now()` is based on `performance`, so that setting the wall clock moves no deadline. */
export const systemClock: Clock & Required<Pick<Clock, 'timeOfDay'>> = {
  now: () => performance.timeOrigin + performance.now(),
  at(time, wake, { background = false } = {}) {
    if (time <= systemClock.now()) return atOnce(wake);
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const rest = Math.max(0, Math.ceil(time - systemClock.now()));
      timer = setTimeout(rest > longestTimeout ? arm : wake, Math.min(rest, longestTimeout));
      if (background) timer.unref();
    };
    arm();
    return () => {
      clearTimeout(timer);
    };
  },
  timeOfDay(moment) {
    if (Math.abs(Date.now() - systemClock.now() - shift) > smallestShift) shift = presentShift();
    return moment + shift;
  },
};

/** Of several measurements the one that took the shortest time: the thread may lose the processor in the middle of one. */
function presentShift(): number {
  const measured = [1, 2, 3].map(() => {
    const before = systemClock.now();
    const wall = Date.now();
    return { shift: wall - before, took: systemClock.now() - before };
  });
  const best = measured.reduce((a, b) => (b.took < a.took ? b : a));
  return Math.abs(best.shift) > smallestShift ? best.shift : 0;
}

/** A moment of a clock by the wall clock, in epoch milliseconds. */
export function timeOfDay(clock: Clock, moment: number): number {
  return clock.timeOfDay?.(moment) ?? moment;
}

/** In the next turn of the loop: a timeout of 0 takes a millisecond or two. */
function atOnce(wake: () => void): () => void {
  const immediate = setImmediate(wake);
  return () => {
    clearImmediate(immediate);
  };
}
