/**
 * Process supervision that you can import: init scripts, services and finish scripts in the s6-overlay model.
 *
 * @packageDocumentation
 */
export type { Emitter } from './emitter.ts';
export {
  InitFailedError,
  InterruptedError,
  OptionsError,
  OrderError,
  OverflowError,
  RuntimeDirectoryError,
  ServiceFailedError,
  StartFailedError,
  StagekeeperError,
  TimeoutError,
  TreeError,
  UnknownServiceError,
  UnsupportedRuntimeError,
} from './errors.ts';
export type { EventOf, Rereading, ServiceEvents, SupervisorEvents } from './supervisor/events.ts';
export type {
  LoggerInput,
  ProgramInput,
  ScriptInput,
  ServiceInput,
  TreeInput,
} from './loader/define.ts';
export type { ScriptResult } from './machine/tree/tree-state.ts';
export type { Timeouts } from './machine/tree/tree-options.ts';
export type {
  Cause,
  Caused,
  Change,
  LifecycleEvent,
  OutputChange,
  Phase,
  PhaseChange,
  ProblemChange,
  ReadyChange,
  ScriptChange,
  ServiceChange,
  ServiceStatus,
  StageChange,
  StageName,
  StageStatus,
  Timed,
  TreeChange,
} from './model/event.ts';
export type { Exit } from './model/exit.ts';
export type { Leftover } from './model/leftover.ts';
export type { Problem, ProblemCode } from './model/problem.ts';
export type {
  Command,
  CommandProgram,
  Output,
  PipeEnd,
  Program,
  ScriptProgram,
} from './model/program.ts';
export type {
  Backoff,
  DeathLimit,
  FixAttrsRule,
  RestartPolicy,
  ScriptSpec,
  ServiceSpec,
  Tree,
} from './model/tree.ts';
export type { EndReason, Verdict } from './model/verdict.ts';
export type { BackoffOptions, ServiceOptions, SupervisorOptions } from './options/options.ts';
export type { AlarmOptions, Clock } from './engine/clock.ts';
export type { Environment } from './host/host.ts';
export type { Child, ChildListener, Spawner } from './engine/spawner.ts';
export type { StartFailure, StartFailureReason } from './model/start-failure.ts';
export type { SpawnFailure } from './model/spawn-failure.ts';
export { Service } from './supervisor/service.ts';
export type {
  Script,
  ScriptStage,
  ScriptStageReport,
  ServiceStage,
  ServiceStageReport,
  StageResult,
  Stages,
} from './supervisor/stage.ts';
export type { ServiceReport, SupervisorStatus } from './supervisor/status.ts';
export { Supervisor } from './supervisor/supervisor.ts';
export type {
  RunOptions,
  SignalAction,
  SignalMap,
  StartOptions,
  StopOptions,
  WaitOptions,
} from './options/wait-options.ts';
