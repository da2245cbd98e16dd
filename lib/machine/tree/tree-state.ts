import type { LifecycleInput, LifecycleInputOf } from '../service/service-state.ts';
import type { LateOptions, Timeouts, TreeOptions } from './tree-options.ts';
import type { UnitMap } from './unit-map.ts';
import type { Exit } from '../../model/exit.ts';
import type { Change, Phase, StageStatus } from '../../model/event.ts';
import type { Leftover } from '../../model/leftover.ts';
import type { Command } from '../../model/program.ts';
import type { Problem } from '../../model/problem.ts';
import type { StartFailure } from '../../model/start-failure.ts';
import type { FixAttrsRule, ScriptSpec, ServiceSpec, Tree } from '../../model/tree.ts';
import type { Ending, Verdict } from '../../model/verdict.ts';

/** The whole state of a supervisor at one moment. */
export interface TreeState {
  readonly phase: Phase;
  /** How far the host wants to go; it only moves forward. */
  readonly target: Target;
  /** Whether the host skips the init stage on the way to a later stage. */
  readonly skipsInit: boolean;
  readonly tree: Tree;
  /** Whether the tree's root was copied to a writable folder, if that is required. */
  readonly copied: 'no' | 'asked' | 'yes';
  readonly init: ScriptsState;
  readonly services: ServicesState;
  readonly finish: ScriptsState;
  /** The host's own command, run once the services are up; when it exits, the supervisor ends. */
  readonly command: ScriptsState;
  /**
   * Whether the command waits until the services are ready, or until the readiness timeout is over; `null`:
   * `waitForServices` decides.
   */
  readonly commandWaits: boolean | null;
  /** The same, as the variables say at present. */
  readonly waitForServices: boolean;
  /** The time limits that hold at present. */
  readonly timeouts: Timeouts;
  /** The services, loggers included, each logger before its producer. */
  readonly units: UnitMap;
  /** Milliseconds that services get on the way down before KILL; 0: the supervisor sets no limit of its own. */
  readonly grace: number;
  /** The most milliseconds that any wait on the way down may take from now on; `null`: no such limit. */
  readonly stopLimit: number | null;
  /** What requested the end; `null` until something has. */
  readonly ending: Ending | null;
  /** The names of what was killed on the way down. */
  readonly killed: readonly string[];
  readonly verdict: Verdict | null;
}

/** How far to go: nowhere yet, through the init stage, until the services run, until they are down, to the very end. */
export type Target = 'loaded' | 'init' | 'services' | 'stopped' | 'ended';

/** Whether one target is at least as far as another. */
export function reaches(target: Target, at: Target): boolean {
  return targets.indexOf(target) >= targets.indexOf(at);
}

const targets: readonly Target[] = ['loaded', 'init', 'services', 'stopped', 'ended'];

/** Whether the tree is on its way down, or is to be. */
export function isDescending({ target }: TreeState): boolean {
  return reaches(target, 'stopped');
}

/** Whether a stage has ended, completed or failed. */
export function isOver(status: StageStatus): boolean {
  return status === 'completed' || status === 'failed';
}

/** The state of a stage of scripts. */
export interface ScriptsState {
  readonly status: StageStatus;
  /** Whether the step before the first script (fix-attrs.d, init stage only) is done. */
  readonly prepared: 'no' | 'asked' | 'yes';
  readonly scripts: readonly ScriptSpec[];
  /** The scripts that have ended, in order; the script after them is the next one. */
  readonly results: readonly ScriptResult[];
  readonly running: RunningScript | null;
}

/** The script that runs at present. */
export interface RunningScript {
  readonly script: string;
  /** When its process began to run; before that, when it was requested. */
  readonly startedAt: number;
  readonly pid: number | null;
  readonly halted: boolean;
  readonly kills: number;
  readonly deadline: number | null;
}

/** How a script ended. */
export interface ScriptResult {
  /** The script's file name. */
  readonly script: string;
  /** How it ended; `null`: it could not be run. */
  readonly exit: Exit | null;
  /** The exit as one number: the code, 128 + n for signal n, 127 or 126 if the script could not be run. */
  readonly exitCode: number;
  /** Milliseconds from its start to its end. */
  readonly duration: number;
}

/** The state of the services stage. */
export interface ServicesState {
  readonly status: StageStatus;
  /** Whether `services.d` was read again after the init stage. */
  readonly reread: 'no' | 'asked' | 'yes';
  /** The services that did not come up with the stage, and why. */
  readonly failures: readonly StartFailure[];
  /** The services that were still coming up when a stop called the start off. */
  readonly abandoned: readonly string[];
  /** When the stage began; `null` before. */
  readonly startedAt: number | null;
  /** The deadline of the stage's wait for them. */
  readonly deadline: number | null;
  /** Whether the last clean-up, after the finish stage, has been requested. */
  readonly clearing: boolean;
}

/** The inputs of the tree. */
export type MachineInput =
  /**
   * The host wants to go further. `skipInit`: to the services without the init stage; `grace`: what services get on the
   * way down.
   */
  | {
      readonly type: 'advance';
      readonly target: Target;
      readonly skipInit?: boolean;
      readonly grace?: number;
    }
  /**
   * The host gives a command to run once the services run. `waits`: once they are ready; absent: as the variables say.
   */
  | { readonly type: 'command'; readonly command: readonly string[]; readonly waits?: boolean }
  /** A signal for the host's command. */
  | { readonly type: 'signal'; readonly signal: NodeJS.Signals }
  /** Requests the end. The reason of the first such input stands. */
  | { readonly type: 'end'; readonly ending: Ending; readonly grace?: number }
  /** Every wait on the way down ends at most so many milliseconds from now. */
  | { readonly type: 'shorten'; readonly within: number }
  /** A problem outside the tree's own state. */
  | { readonly type: 'problem'; readonly problem: Problem }
  | {
      readonly type: 'service';
      readonly service: string;
      readonly input: LifecycleInput;
    }
  | { readonly type: 'script'; readonly stage: ScriptStageName; readonly input: ScriptProcessInput }
  /** The tree as read from the copy of its root; `null`: there is no copy. */
  | { readonly type: 'copied'; readonly tree: Tree | null; readonly problems: readonly Problem[] }
  | { readonly type: 'prepared'; readonly problems: readonly Problem[] }
  /** The tree as read again, with the options that init scripts may have changed by variables. */
  | ({
      readonly type: 'reread';
      readonly tree: Tree | null;
      readonly problems: readonly Problem[];
    } & Partial<LateOptions>)
  /** The control files of a service are about to be used. */
  | { readonly type: 'refreshSpec'; readonly service: string }
  /** The control files of one service have changed. */
  | {
      readonly type: 'specChanged';
      readonly spec: ServiceSpec;
      readonly problems: readonly Problem[];
    }
  /** `killed`: the leftovers that had to be killed; absent: none. */
  | {
      readonly type: 'swept';
      readonly service: string;
      readonly killed?: readonly KilledLeftover[];
    }
  /**
   * The last clean-up is over. `exitCode`: the code that a finish script asked for; `killed`: the leftovers that had to
   * be killed.
   */
  | {
      readonly type: 'cleared';
      readonly problems: readonly Problem[];
      readonly exitCode?: number;
      readonly killed?: readonly KilledLeftover[];
    }
  | { readonly type: 'deadline' };

/** The inputs of a script. */
export type ScriptProcessInput = LifecycleInputOf<'spawned' | 'unspawnable' | 'exited'>;

/** The stages of scripts, and the host's own command, which runs like one. */
export type ScriptStageName = 'init' | 'finish' | 'command';

/** The owner of a process: a service, or the script that a stage runs at present. */
export type Owner =
  { readonly service: string } | { readonly stage: ScriptStageName; readonly script: string };

/** A leftover that had to be killed, and its owner; `null`: it is a daemonized process, so its owner is unknown. */
export interface KilledLeftover extends Leftover {
  readonly owner: Owner | null;
}

/** The effects that the tree asks for. */
export type Effect =
  | {
      readonly type: 'spawn';
      readonly owner: Owner;
      readonly role: 'run' | 'finish' | 'script';
      readonly command: Command;
    }
  | {
      readonly type: 'kill';
      readonly owner: Owner;
      readonly signal: NodeJS.Signals;
      readonly scope: 'process' | 'group';
    }
  /**
   * Ends what the runs of a service left behind. `everything`: and the leftovers of every other process, wherever they
   * are. `writers`: only the daemonized processes that keep the service's logger from end-of-file.
   */
  | {
      readonly type: 'sweep';
      readonly service: string;
      readonly grace: number;
      readonly what?: 'everything' | 'writers';
    }
  /** Every running sweep has at most so many milliseconds left. */
  | { readonly type: 'shorten'; readonly grace: number }
  | { readonly type: 'closePipe'; readonly pipe: string }
  /** Prepares the folder of the catch-all log before its logger starts for the first time. */
  | { readonly type: 'openLog'; readonly directory: string }
  /**
   * Writes the exit code of the life to the files where scripts look for it, as s6-overlay does before it stops the services.
   * `replaces`: also in place of a code that a script has written.
   */
  | { readonly type: 'recordExitCode'; readonly exitCode: number; readonly replaces: boolean }
  | { readonly type: 'copyRoot'; readonly root: string }
  | { readonly type: 'prepare'; readonly rules: readonly FixAttrsRule[] }
  | { readonly type: 'reread'; readonly root: string }
  /** Ends every leftover, and releases the resources that the supervisor holds. */
  | { readonly type: 'clear'; readonly grace: number };

/** What a step of the tree gets beside state and input. */
export interface TreeSetting {
  readonly options: TreeOptions;
  readonly now: number;
}

/** The outcome of an input: the next state, the effects, and the changes, in causal order. */
export interface TreeStep {
  readonly state: TreeState;
  readonly effects: readonly Effect[];
  readonly changes: readonly Change[];
}
