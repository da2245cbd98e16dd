/** The port for time. */
export interface Clock {
  /** The current time in epoch milliseconds; never goes back. */
  now(): number;
  /** Calls `wake` once, at `time` or soon after; returns a function that cancels the call. */
  at(time: number, wake: () => void, options?: AlarmOptions): () => void;
}

/** How an alarm is set. */
export interface AlarmOptions {
  /** Whether nothing waits for it: it keeps no process alive, and a virtual clock does not advance for its sake. Default: false. */
  readonly background?: boolean;
}

/** `setTimeout` takes 32 bits: a later timer is set in steps. */
const longestTimeout = 2 ** 31 - 1;

/** The host's time. `now()` is based on `performance`, so that setting back the wall clock moves no deadline. */
export const systemClock: Clock = {
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
};

/** In the next turn of the loop: a timeout of 0 takes a millisecond or two. */
function atOnce(wake: () => void): () => void {
  const immediate = setImmediate(wake);
  return () => {
    clearImmediate(immediate);
  };
}
