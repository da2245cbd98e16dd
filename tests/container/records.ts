import { appendFileSync, readFileSync } from 'node:fs';
import type {
  LifecycleEvent,
  Problem,
  RunOptions,
  SupervisorOptions,
  Verdict,
} from '../../lib/index.ts';
import type { ContainedProcess } from './contained.ts';
import { processesAround } from './contained.ts';

/** The task of PID 1: the JSON in the file that is its first argument. */
export interface Plan {
  /** The root of the tree. */
  readonly root: string;
  readonly options: SupervisorOptions;
  readonly run: RunOptions;
  /** Further data for another host than `init.ts`. */
  readonly more: unknown;
  /** The path of the file that it writes its records to. */
  readonly records: string;
}

/** The records of PID 1, one a line, as JSON: `{"verdict": ...}`. */
export interface Records {
  /** The host is up and listens to signals. */
  readonly running: true;
  /** A problem of the tree that was found while it was loaded. */
  readonly warning: Problem;
  /** An event of the supervisor. */
  readonly event: LifecycleEvent;
  /** The verdict of a run. */
  readonly verdict: Verdict;
  /** The last record: the processes besides PID 1 and the host, zombies included. */
  readonly left: readonly ContainedProcess[];
  /** An error that PID 1 does not handle. */
  readonly failure: string;
}

/** The plan of this process, when it is PID 1. */
export function readPlan(): Plan {
  return JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Plan;
}

/** Writes a record at once, so that none is lost however PID 1 ends. */
export function write<Kind extends keyof Records>(
  plan: Plan,
  kind: Kind,
  what: Records[Kind],
): void {
  appendFileSync(plan.records, `${JSON.stringify({ [kind]: what })}\n`);
}

/** Records the processes that are left. To be called in the `exit` event of the process. */
export function writeWhatIsLeft(plan: Plan): void {
  const others = processesAround(process.pid).filter(({ pid }) => pid !== 1 && pid !== process.pid);
  write(plan, 'left', others);
}
