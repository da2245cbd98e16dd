import { setImmediate as turn } from 'node:timers/promises';
import type { Behaviour } from '../simulation/behaviour.ts';
import type { ContractRig } from './contract-rig.ts';
import { plainCommand } from './contract-rig.ts';
import type { VirtualClock } from '../time/virtual-clock.ts';
import type { Spawner } from '../../engine/spawner.ts';

/** A spawner without processes, the children of which follow behaviours that are set in advance. */
export interface ScriptedSpawner extends Spawner {
  /** Sets the behaviour of the children of this name. */
  script(name: string, behaviour: Behaviour): unknown;
}

/** Milliseconds of virtual time between two checks, and the most checks. */
const pause = 5;
const mostLooks = 200;

/** The number of checks after which nothing is under way any more. */
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
