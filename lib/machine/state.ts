import type { Input, Of, ServiceState } from './machine.ts';
import type { LateOptions, Timeouts, TreeOptions } from './tree-options.ts';
import type { Exit } from '../model/exit.ts';
import type { Change, Phase, StageStatus } from '../model/event.ts';
import type { Leftover } from '../model/leftover.ts';
import type { Command } from '../model/program.ts';
import type { Problem } from '../model/problem.ts';
import type { FixAttrsRule, ScriptSpec, ServiceSpec, Tree } from '../model/tree.ts';
import type { Ending, Verdict } from '../model/verdict.ts';

/** Everything that there is to know about a supervisor at one moment. */
export interface TreeState {
  readonly phase: Phase;
  /** How far the host wants to go; it only grows. */
  readonly target: Target;
  /** Whether the host goes to a later stage without the init stage. */
  readonly skipsInit: boolean;
  readonly tree: Tree;
  /** Whether the tree's root was copied to where it can be written to, if that is to be done. */
  readonly copied: 'no' | 'asked' | 'yes';
  readonly init: ScriptsState;
  readonly services: ServicesState;
  readonly finish: ScriptsState;
  /** The host's own command, run once the services are up; its end is the end of all. */
  readonly command: ScriptsState;
  /** Whether the command waits until the services are ready, or the readiness timeout is over; `null`: as the next one says. */
  readonly commandWaits: boolean | null;
  /** The same, as the variables have it by now. */
  readonly waitForServices: boolean;
  /** The time limits, as they are by now. */
  readonly timeouts: Timeouts;
  /** The services, loggers among them, each logger before its producer. */
  readonly units: ReadonlyMap<string, Unit>;
  /** Milliseconds that services get on the way down before KILL; 0: no limit of the supervisor's own. */
  readonly grace: number;
  /** The most milliseconds that anything on the way down may take now; `null`: as long as each has. */
  readonly hurry: number | null;
  /** What asked for the end, once something has. */
  readonly ending: Ending | null;
  /** What had to be killed on the way down. */
  readonly killed: readonly string[];
  readonly verdict: Verdict | null;
}

/** How far to go: nowhere yet, through the init stage, until the services run, until they are down, to the very end. */
export type Target = 'loaded' | 'init' | 'services' | 'stopped' | 'ended';

/** Whether one target lies at least as far as another. */
export function reaches(target: Target, at: Target): boolean {
  return targets.indexOf(target) >= targets.indexOf(at);
}

const targets: readonly Target[] = ['loaded', 'init', 'services', 'stopped', 'ended'];

/** Whether the tree is on its way down, or is to be. */
export function isDescending({ target }: TreeState): boolean {
  return reaches(target, 'stopped');
}

/** Whether a stage has come to its end, one way or the other. */
export function isOver(status: StageStatus): boolean {
  return status === 'completed' || status === 'failed';
}

/** Where a stage of scripts stands. */
export interface ScriptsState {
  readonly status: StageStatus;
  /** Whether what comes before the first script (fix-attrs.d, init stage only) is done. */
  readonly prepared: 'no' | 'asked' | 'yes';
  readonly scripts: readonly ScriptSpec[];
  /** The scripts that have ended, in order; the next one is the script behind them. */
  readonly results: readonly ScriptResult[];
  readonly running: RunningScript | null;
}

/** A script that runs. */
export interface RunningScript {
  readonly script: string;
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
  /** The exit code in one number: the code, 128 + n for signal n, 127 or 126 for what could not be run. */
  readonly exitCode: number;
  /** Milliseconds from its start to its end. */
  readonly duration: number;
}

/** Where the stage of the services stands. */
export interface ServicesState {
  readonly status: StageStatus;
  /** Whether `services.d` was read again after the init stage. */
  readonly reread: 'no' | 'asked' | 'yes';
  /** Who is still to come up (and be ready) for the stage to be complete. */
  readonly awaited: readonly string[];
  /** Who did not come up with the stage. */
  readonly late: readonly string[];
  /** Until when the stage waits for them. */
  readonly deadline: number | null;
  /** How many sweeps are under way for what each service left behind; a service without one is not in it. */
  readonly sweeping: ReadonlyMap<string, number>;
  /** Whether the last clean-up, after the finish stage, was asked for. */
  readonly clearing: boolean;
}

/** A service in the tree. */
export interface Unit {
  /** The spec with the host's overrides laid over it. */
  readonly spec: ServiceSpec;
  readonly state: ServiceState;
  /** Gone from `services.d`: to be stopped and forgotten. */
  readonly leaving: boolean;
  /** The write end of its log pipe was let go of. */
  readonly released: boolean;
  /** It is the catch-all logger, which belongs to no stage. */
  readonly catchesAll?: true;
}

/** What can happen to the tree. */
export type TreeInput =
  /** The host wants to go on. `skipInit`: to the services without the init stage; `grace`: what services get on the way down. */
  | {
      readonly type: 'advance';
      readonly target: Target;
      readonly skipInit?: boolean;
      readonly grace?: number;
    }
  /** The host has a command to be run once the services run; `waits`: once they are ready; absent: as the variables have it. */
  | { readonly type: 'command'; readonly command: readonly string[]; readonly waits?: boolean }
  /** A signal for the host's command. */
  | { readonly type: 'signal'; readonly signal: NodeJS.Signals }
  /** Somebody wants the end. The first one's reason stands. */
  | { readonly type: 'end'; readonly ending: Ending; readonly grace?: number }
  /** Whatever is waited for on the way down may take so many milliseconds more, no longer. */
  | { readonly type: 'hurry'; readonly within: number }
  /** Something is wrong around the tree. */
  | { readonly type: 'problem'; readonly problem: Problem }
  | {
      readonly type: 'service';
      readonly service: string;
      readonly input: Input;
    }
  | { readonly type: 'script'; readonly stage: ScriptStageName; readonly input: ScriptInput }
  /** The tree as it is in the copy of its root; `null`: there is no copy. */
  | { readonly type: 'copied'; readonly tree: Tree | null; readonly problems: readonly Problem[] }
  | { readonly type: 'prepared'; readonly problems: readonly Problem[] }
  /** The tree was read again, and the variables, which init scripts may have set. */
  | ({
      readonly type: 'reread';
      readonly tree: Tree | null;
      readonly problems: readonly Problem[];
    } & Partial<LateOptions>)
  /** Somebody is about to go by the control files of a service. */
  | { readonly type: 'consult'; readonly service: string }
  /** The control files of one service are not as they were. */
  | {
      readonly type: 'respecified';
      readonly spec: ServiceSpec;
      readonly problems: readonly Problem[];
    }
  /** `killed`: who of the leftovers had to be; absent: nobody. */
  | {
      readonly type: 'swept';
      readonly service: string;
      readonly killed?: readonly KilledLeftover[];
    }
  /** All is over; `exitCode`: what a finish script has asked to end with; `killed`: who of what was left had to be. */
  | {
      readonly type: 'cleared';
      readonly problems: readonly Problem[];
      readonly exitCode?: number;
      readonly killed?: readonly KilledLeftover[];
    }
  | { readonly type: 'deadline' };

/** What can happen to a script. */
export type ScriptInput = Of<'spawned' | 'unspawnable' | 'exited'>;

/** The stages of scripts, and the host's own command, which is run like one. */
export type ScriptStageName = 'init' | 'finish' | 'command';

/** Who a process belongs to: a service, or the script that a stage runs at present. */
export type Owner =
  { readonly service: string } | { readonly stage: ScriptStageName; readonly script: string };

/** A leftover that had to be killed, and who has left it behind; `null`: it has run away from whoever that was. */
export interface KilledLeftover extends Leftover {
  readonly owner: Owner | null;
}

/** What the tree asks of the world. */
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
   * End what the runs of a service left behind; `everything`: and all that any other process did, wherever it is; `writers`:
   * only who has run away and keeps its logger from the end.
   */
  | {
      readonly type: 'sweep';
      readonly service: string;
      readonly grace: number;
      readonly what?: 'everything' | 'writers';
    }
  /** Every sweep under way has so long left at most. */
  | { readonly type: 'hurry'; readonly grace: number }
  | { readonly type: 'closePipe'; readonly pipe: string }
  /** Make the folder of the catch-all log ready, before its logger is started for the first time. */
  | { readonly type: 'openLog'; readonly directory: string }
  | { readonly type: 'copyRoot'; readonly root: string }
  | { readonly type: 'prepare'; readonly rules: readonly FixAttrsRule[] }
  | { readonly type: 'reread'; readonly root: string }
  /** End everything that is left, and give back what was taken. */
  | { readonly type: 'clear'; readonly grace: number };

/** What a step of the tree is given. */
export interface TreeSetting {
  readonly options: TreeOptions;
  readonly now: number;
}

/** The outcome of an input: the next state, what it asks for, and what has changed, in causal order. */
export interface TreeStep {
  readonly state: TreeState;
  readonly effects: readonly Effect[];
  readonly changes: readonly Change[];
}
