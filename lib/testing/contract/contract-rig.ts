import type { Behaviour } from '../simulation/behaviour.ts';
import type { Command } from '../../model/program.ts';
import type { Spawner } from '../../engine/spawner.ts';

/** The spawner under test, and what a case needs to use it. A rig serves one case, which closes the spawner. */
export interface ContractRig {
  /** The spawner; not used before. */
  readonly spawner: Spawner;
  /**
   * A command whose process has this behaviour. Without further steps it stays alive until a signal ends it, or, if it reads a log
   * pipe, until the end of the pipe. `more`: further fields of the command.
   */
  command(name: string, behaviour: Behaviour, more?: Partial<Command>): Command;
  /** Lets time pass until `test` returns true; rejects with an error that names `what` when it does not within several seconds. */
  until(test: () => boolean, what: string): Promise<void>;
  /** Lets time pass until everything under way is done, to see that nothing else happens: a tenth of a second is enough. */
  settle(): Promise<void>;
}

/** The fields of a plain command; its output goes to the listener. */
export const plainCommand: Omit<Command, 'name' | 'program'> = {
  calledBy: 'name',
  args: [],
  stdin: 'empty',
  stdout: 'lines',
  stderr: 'lines',
};
