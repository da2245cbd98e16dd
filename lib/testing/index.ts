/**
 * Tests of service trees: a whole life in virtual time, within milliseconds and without processes, or with real processes.
 *
 * @packageDocumentation
 */
export { check } from './check.ts';
export type { CheckOptions } from './check.ts';
export { expectOrder } from './expect-order.ts';
export type { LinePattern } from './expect-order.ts';
export type { EventPattern, EventType, Part, Predicate, Typed } from './expectation.ts';
export { exit, hang, ignores, print, ready, sequence, unspawnable } from './behaviour.ts';
export type { Behaviour, Ignorable } from './behaviour.ts';
export { explore } from './explore.ts';
export type {
  DeadEnd,
  Exploration,
  ExploreOptions,
  Findings,
  NeverStart,
  Shutdown,
  Step,
  Way,
} from './explore.ts';
export { FakeChild } from './fake-child.ts';
export { FakeSpawner } from './fake-spawner.ts';
export type { FakeSpawnerOptions } from './fake-spawner.ts';
export { treeOf, writeTree } from './files.ts';
export type { FileSpec, LiteralFile, LiteralFolder, LiteralLink, TreeFiles } from './files.ts';
export type { Life, LifeOptions, Until, UntilOptions } from './life.ts';
export type { Reply as ProgramReply } from '../programs/call.ts';
export type { CallOptions } from './scripts-voice.ts';
export { simulate } from './simulate.ts';
export type { SimulateOptions, Simulation } from './simulate.ts';
export { transcript } from './transcript.ts';
export type { Transcript, TranscriptOptions } from './transcript.ts';
export type { TreeSource } from './tree-source.ts';
export { trial } from './trial.ts';
export type { Trial } from './trial.ts';
export { processRig } from './process-rig.ts';
export { spawnerContract } from './spawner-contract.ts';
export type { ContractCase, ContractRig } from './spawner-contract.ts';
export type {
  CloseRequest,
  KillRequest,
  PipeRequest,
  SpawnRequest,
  SpawnerRequest,
  SweepRequest,
  SweepRunawaysRequest,
} from './spawner-request.ts';
export { VirtualClock } from './virtual-clock.ts';
export { virtualRig } from './virtual-rig.ts';
export type { ScriptedSpawner } from './virtual-rig.ts';
