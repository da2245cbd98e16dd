import type { Environment } from './environment.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import { withShims } from '../script-interface/shims.ts';

/** What the processes of one supervisor are given. */
export type Variables = Readonly<Record<string, string>>;

/** The variable by which scripts find the runtime directory, and we find those of our processes that ran away. */
export const markerName = 'STAGEKEEPER_RUNTIME';

/** What our processes have in their environment, and nobody else: `undefined` if we have it ourselves, so that it marks more. */
export function markerOf({ path }: RuntimeDirectory): string | undefined {
  return process.env[markerName] === path ? undefined : `${markerName}=${path}`;
}

/**
 * The container environment, read for the processes that start: once for all that were asked for before, since a reading takes
 * some milliseconds of a host that has just forked. Nobody gets one that is older than the moment in which it was asked for.
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

  /** Takes note that a process is asked for now; a number for the moment. */
  ask(): number {
    this.#asked += 1;
    return this.#asked;
  }

  /**
   * All variables for a process that was asked for in that moment: those of the container environment, which is materialized if
   * need be, with the stand-ins on their PATH, and the marker.
   *
   * @throws the system's error when the container environment is not to be had.
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
