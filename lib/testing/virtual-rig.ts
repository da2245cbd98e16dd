import { setImmediate as turn } from 'node:timers/promises';
import type { Behaviour } from './behaviour.ts';
import type { ContractRig } from './contract/rig.ts';
import { plainCommand } from './contract/rig.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { Spawner } from '../runtime/spawner.ts';

/** A spawner without processes, which is told in advance what the children of a name do. */
export interface ScriptedSpawner extends Spawner {
  /** Says what the children of this name do. */
  script(name: string, behaviour: Behaviour): unknown;
}

/** Milliseconds of virtual time from one look to the next, and how many looks there are at most. */
const pause = 5;
const mostLooks = 200;

/** How many pauses there are until nothing is under way. */
const looksToSettle = 40;

/** A rig for a double in virtual time: `virtualRig(clock, new FakeSpawner(clock))`. */
export function virtualRig(
  clock: Pick<VirtualClock, 'advance'>,
  spawner: ScriptedSpawner,
): ContractRig {
  const pass = async (): Promise<void> => {
    clock.advance(pause);
    await turn();
  };
  return {
    spawner,
    command(name, behaviour, more) {
      spawner.script(name, behaviour);
      return { ...plainCommand, name, program: { command: ['fake'] }, ...more };
    },
    async until(test, what) {
      for (let looks = 0; !test(); looks++) {
        if (looks === mostLooks) throw new Error(`${what} did not come.`);
        await pass();
      }
    },
    async settle() {
      for (let looks = 0; looks < looksToSettle; looks++) await pass();
    },
  };
}
