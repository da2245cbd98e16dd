import type { Environment } from './environment.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import { withShims } from '../script-interface/shims.ts';

/** The environment of the processes of one supervisor. */
export type Variables = Readonly<Record<string, string>>;

/** The variable by which scripts find the runtime directory, and the supervisor finds daemonized processes. */
export const markerName = 'STAGEKEEPER_RUNTIME';

/**
 * The entry in the environment that only the processes of this supervisor have; `undefined` if the host has it itself, so that it
 * does not distinguish them.
 */
export function markerOf({ path }: RuntimeDirectory): string | undefined {
  return process.env[markerName] === path ? undefined : `${markerName}=${path}`;
}

/**
 * Reads the container environment for the processes that start: once for all processes that were requested before, since a reading
 * takes some milliseconds in a host that has just forked. No process gets a reading that is older than its request.
 */
export class EnvironmentReadings {
  readonly #environment: Environment;
  readonly #runtime: RuntimeDirectory;
  #asked = 0;
  #reading:
    { readonly upTo: number; readonly revision: number; readonly all: Variables } | undefined;

  constructor(environment: Environment, runtime: RuntimeDirectory) {
    this.#environment = environment;
    this.#runtime = runtime;
  }

  /** Notes that a process is requested now; returns the number of the request. */
  ask(): number {
    this.#asked += 1;
    return this.#asked;
  }

  /**
   * All variables for the process of that request: those of the container environment, which is materialized if necessary, with the
   * shims on the PATH, and the marker.
   *
   * @throws the system's error when the container environment cannot be written.
   */
  since(moment: number): Variables {
    const { revision } = this.#environment;
    const known = this.#reading;
    if (known !== undefined && known.upTo >= moment && known.revision === revision)
      return known.all;
    this.#environment.materialize();
    const all = Object.fromEntries(this.#environment.entries());
    if (all['PATH'] !== undefined) all['PATH'] = withShims(all['PATH'], this.#runtime);
    all[markerName] = this.#runtime.path;
    this.#reading = { upTo: this.#asked, revision, all: Object.freeze(all) };
    return all;
  }
}
