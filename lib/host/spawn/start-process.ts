import type { Socket } from 'node:net';
import type { Descriptors } from '../os/descriptor.ts';
import type { ExecPlan } from './exec-plan.ts';
import type { Exit } from '../../model/exit.ts';

/** Called about a process that was started; never before `Start` has returned. */
export interface StartListener {
  ended(exit: Exit): void;
  /** The process cannot be run: it has no pid. */
  failed(error: unknown): void;
}

/** A process that was started. */
export interface Started {
  /** `undefined`: it cannot be run, and `failed` follows. */
  readonly pid: number | undefined;
  /** The host's end of the socket at a descriptor, if there is one. */
  socketAt(descriptor: number): Socket | undefined;
}

/**
 * A function that starts a process.
 *
 * @throws the system's error where it is known at once; then the listener is not called.
 */
export type Start = (plan: ExecPlan, descriptors: Descriptors, listener: StartListener) => Started;
