import type { Exit } from './exit.ts';

/**
 * Why a service did not come up.
 *
 * - `exit`: it ended before it was ready, and is not restarted
 * - `finish`: its finish script exited with 125 (s6)
 * - `limit`: it died as often as its `backoff.limit` allows
 * - `policy`: it died, and `restart` is `never`
 * - `unspawnable`: its program cannot be run
 * - `timeout`: it was not ready when `timeouts.readiness` had passed
 * - `crash-looping`: it died five times in a row before it was ready
 */
export type StartFailureReason =
  'exit' | 'finish' | 'limit' | 'policy' | 'unspawnable' | 'timeout' | 'crash-looping';

/** A service that did not come up, as plain data. */
export interface StartFailure {
  /** The service's name; a logger's is `web/log`. */
  readonly name: string;
  /** Why it did not come up. */
  readonly reason: StartFailureReason;
  /** How its `run` last exited; absent when it has not run. */
  readonly exit?: Exit;
  /** The names from the service itself to the root cause. */
  readonly chain: readonly string[];
}
