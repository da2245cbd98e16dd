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

/** What PID 1 is to do: the JSON in the file that is its first argument. */
export interface Plan {
  /** The root of the tree. */
  readonly root: string;
  readonly options: SupervisorOptions;
  readonly run: RunOptions;
  /** Whatever else a host of one's own is to be told. */
  readonly more: unknown;
  /** The file that it writes its records to. */
  readonly records: string;
}

/** What PID 1 writes down, one thing a line, as JSON: `{"verdict": ...}`. */
export interface Records {
  /** The host is up: from now on signals are heard. */
  readonly running: true;
  /** A problem of the tree that was met while it was loaded. */
  readonly warning: Problem;
  /** What has happened. */
  readonly event: LifecycleEvent;
  /** How a life has ended. */
  readonly verdict: Verdict;
  /** The last thing: who is still there beside PID 1 and the host, zombies included. */
  readonly left: readonly ContainedProcess[];
  /** What PID 1 could not cope with. */
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

/** Writes down who is still there: for the `exit` event, which does not come while anything keeps the process busy. */
export function writeWhatIsLeft(plan: Plan): void {
  const others = processesAround(process.pid).filter(({ pid }) => pid !== 1 && pid !== process.pid);
  write(plan, 'left', others);
}
