import type { MachineInput, TreeState } from '../machine/tree/tree-state.ts';

/** What the answers of the programs depend on. */
export interface Supervised {
  readonly state: TreeState;
  /** The present time, in milliseconds, as the moments in `state`. */
  readonly now: number;
  /** A moment in `state` by the wall clock, in epoch milliseconds. */
  timeOfDay(moment: number): number;
  input(input: MachineInput): void;
  /**
   * Resolves with the first result of `test` that is not `undefined`; `test` is called now and after every step.
   * Rejects when the time is up, when `signal` aborts or when everything has ended.
   */
  until<T>(
    test: () => T | undefined,
    awaited: { readonly what: string },
    options: { readonly timeout?: number; readonly signal?: AbortSignal },
  ): Promise<T>;
  /** Reads `services.d` again. */
  rescan(): Promise<unknown>;
  readonly places: Places;
}

/** Which path is the directory of which service. Paths are absolute. */
export interface Places {
  /**
   * The name of the service of which it is, or would be, the directory; `undefined` when it is none of this
   * supervisor's.
   */
  serviceAt(path: string): string | undefined;
  /** Whether it is the directory that contains the services. */
  isScanDirectory(path: string): boolean;
  /** Creates or removes the `down` file of a service. */
  setDown(service: string, down: boolean): void;
  /** Whether a process is stopped (SIGSTOP). */
  isStopped(pid: number): boolean;
}
