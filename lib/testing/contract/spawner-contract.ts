import type { ContractCase } from './contract-case.ts';
import { leftovers } from './leftovers.ts';
import { lives } from './lifecycles.ts';
import { pipes } from './pipes.ts';
import { signals } from './signals.ts';
import { words } from './wording.ts';

export type { ContractCase } from './contract-case.ts';
export type { ContractRig } from './contract-rig.ts';

/**
 * The contract of the spawner port: one case for each behaviour that every spawner must have, real or fake. To test a spawner,
 * run each case with a new instance of it, in any test runner:
 *
 * ```ts
 * for (const { name, check } of spawnerContract) {
 *   test(`my spawner ${name}`, () => check(processRig(new MySpawner())));
 * }
 * ```
 *
 * A spawner of real processes uses `processRig`, a double in virtual time `virtualRig`, any other spawner a `ContractRig` of its
 * own.
 */
export const spawnerContract: readonly ContractCase[] = [
  ...lives,
  ...signals,
  ...words,
  ...pipes,
  ...leftovers,
];
