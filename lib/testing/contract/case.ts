import { Bench } from './bench.ts';
import type { ContractRig } from './rig.ts';

/** One thing that every spawner does as the port says. */
export interface ContractCase {
  /** What a spawner does, in words that go on after its name: `tells how a process ended`. */
  readonly name: string;
  /**
   * Rejects with an AssertionError, or with what `until` rejects with, when the spawner does not do so. Either way it ends
   * every process that it has started, and closes the spawner.
   */
  check(rig: ContractRig): Promise<void>;
}

/** A case of the contract, which leaves nothing behind. */
export function contractCase(name: string, body: (bench: Bench) => Promise<void>): ContractCase {
  return {
    name,
    async check(rig) {
      const bench = new Bench(rig);
      try {
        await body(bench);
      } catch (error) {
        // What went wrong first is what is to be told.
        await bench.clear().catch(() => undefined);
        throw error;
      }
      await bench.clear();
    },
  };
}
