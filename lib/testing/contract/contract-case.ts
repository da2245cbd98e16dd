import { Bench } from './contract-bench.ts';
import type { ContractRig } from './contract-rig.ts';

/** One behaviour that the port requires of every spawner. */
export interface ContractCase {
  /** The behaviour, as a predicate that continues the spawner's name: `reports how a process ended`. */
  readonly name: string;
  /**
   * Checks the behaviour. Rejects with an AssertionError, or with the error of `until`, when the spawner lacks it. In either case it
   * ends every process that it started, and closes the spawner.
   */
  check(rig: ContractRig): Promise<void>;
}

/** A case of the contract, with the clean-up after it. */
export function contractCase(name: string, body: (bench: Bench) => Promise<void>): ContractCase {
  return {
    name,
    async check(rig) {
      const bench = new Bench(rig);
      try {
        await body(bench);
      } catch (error) {
        // The first error is the one to report.
        await bench.clear().catch(() => undefined);
        throw error;
      }
      await bench.clear();
    },
  };
}
