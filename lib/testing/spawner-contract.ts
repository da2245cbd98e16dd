import type { ContractCase } from './contract/case.ts';
import { leftovers } from './contract/leftovers.ts';
import { lives } from './contract/lives.ts';
import { pipes } from './contract/pipes.ts';
import { signals } from './contract/signals.ts';
import { words } from './contract/words.ts';

export type { ContractCase } from './contract/case.ts';
export type { ContractRig } from './contract/rig.ts';

/**
 * What every spawner does, be it real or fake: the contract of the port, case by case. Whoever writes a spawner holds it
 * against each, with a fresh spawner, in any test runner:
 *
 * ```ts
 * for (const { name, check } of spawnerContract) {
 *   test(`my spawner ${name}`, () => check(processRig(new MySpawner())));
 * }
 * ```
 *
 * A spawner of real processes takes `processRig`, a double in virtual time `virtualRig`, anything else a `ContractRig` of its
 * own.
 */
export const spawnerContract: readonly ContractCase[] = [
  ...lives,
  ...signals,
  ...words,
  ...pipes,
  ...leftovers,
];
