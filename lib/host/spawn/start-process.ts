import type { Socket } from 'node:net';
import type { Descriptors } from '../os/descriptor.ts';
import type { ExecPlan } from './exec-plan.ts';
import type { Exit } from '../../model/exit.ts';

/** What is told of a process that was started; never before `Start` has returned. */
export interface StartListener {
  ended(exit: Exit): void;
  /** It cannot be run after all: it has no pid. */
  failed(error: unknown): void;
}

/** A process that was started. */
export interface Started {
  /** `undefined`: it cannot be run, and `failed` is to follow. */
  readonly pid: number | undefined;
  /** Our end of the socket at a descriptor, if there is one. */
  socketAt(descriptor: number): Socket | undefined;
}

/**
 * A way to start a process.
 *
 * @throws the system's error where it is known at once; then nothing is told.
 */
export type Start = (
  launch: ExecPlan,
  descriptors: Descriptors,
  listener: StartListener,
) => Started;
