import type { Behaviour } from '../behaviour.ts';
import type { Command } from '../../model/program.ts';
import type { Spawner } from '../../runtime/spawner.ts';

/** A spawner to be judged, and what a case needs to know of it. It serves for one case: the spawner is closed by it. */
export interface ContractRig {
  /** The spawner, fresh. */
  readonly spawner: Spawner;
  /**
   * A command whose process does as this behaviour says: by itself it lives on until a signal ends it, or, if it reads a log
   * pipe, until the end of that. `more`: fields that the command is to have.
   */
  command(name: string, behaviour: Behaviour, more?: Partial<Command>): Command;
  /** Lets time pass until this holds; rejects with an error that names `what` if it does not within some seconds. */
  until(test: () => boolean, what: string): Promise<void>;
  /** Lets so much time pass as anything that is under way takes, to see that nothing comes: a tenth of a second is much. */
  settle(): Promise<void>;
}

/** A command that does nothing in particular, and what is told of it. */
export const plainCommand: Omit<Command, 'name' | 'program'> = {
  calledBy: 'name',
  args: [],
  stdin: 'empty',
  stdout: 'lines',
  stderr: 'lines',
};
