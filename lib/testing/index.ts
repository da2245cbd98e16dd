/**
 * Tests of service trees: a whole life in virtual time, within milliseconds and without processes, or with real processes.
 *
 * @packageDocumentation
 */
export { check } from './trees/check.ts';
export type { CheckOptions } from './trees/check.ts';
export { expectOrder } from './observation/expect-order.ts';
export type { LinePattern } from './observation/expect-order.ts';
export type { EventPattern, EventType, Part, Predicate, Typed } from './observation/expectation.ts';
export {
  exit,
  hang,
  ignores,
  print,
  ready,
  sequence,
  unspawnable,
} from './simulation/behaviour.ts';
export type { Behaviour, Ignorable } from './simulation/behaviour.ts';
export { explore } from './exploration/explore.ts';
export type {
  DeadEnd,
  Exploration,
  ExploreOptions,
  Findings,
  NeverStart,
  Shutdown,
  ExploredStep,
  Way,
} from './exploration/explore.ts';
export { FakeChild } from './simulation/fake-child.ts';
export { FakeSpawner } from './simulation/fake-spawner.ts';
export type { FakeSpawnerOptions } from './simulation/fake-spawner.ts';
export { treeOf, writeTree } from './trees/files.ts';
export type {
  FileSpec,
  LiteralFile,
  LiteralFolder,
  LiteralLink,
  TreeFiles,
} from './trees/files.ts';
export type { Life, LifeOptions, Until, UntilOptions } from './observation/life.ts';
export type { ProgramReply } from '../model/call.ts';
export type { CallOptions } from './simulation/script-caller.ts';
export { simulate } from './simulation/simulate.ts';
export type { SimulateOptions, Simulation } from './simulation/simulate.ts';
export { transcript } from './observation/transcript.ts';
export type { Transcript, TranscriptOptions } from './observation/transcript.ts';
export type { TreeSource } from './trees/tree-source.ts';
export { trial } from './trial/trial.ts';
export type { Trial } from './trial/trial.ts';
export { processRig } from './contract/process-rig.ts';
export { spawnerContract } from './contract/spawner-contract.ts';
export type { ContractCase, ContractRig } from './contract/spawner-contract.ts';
export type {
  CloseRequest,
  KillRequest,
  PipeRequest,
  SpawnRequest,
  SpawnerRequest,
  SweepRequest,
  SweepRunawaysRequest,
} from './simulation/spawner-request.ts';
export { VirtualClock } from './time/virtual-clock.ts';
export { virtualRig } from './contract/virtual-rig.ts';
export type { ScriptedSpawner } from './contract/virtual-rig.ts';
