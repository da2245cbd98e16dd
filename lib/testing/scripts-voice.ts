import { basename } from 'node:path';
import type { Reply } from '../programs/call.ts';
import type { Landlord } from '../runtime/premises.ts';
import type { World } from '../runtime/world.ts';

/** What a script does that speaks to its supervisor. */
export interface CallOptions {
  /** The service in whose directory it is called, `web` or `web/log`; a finish script is its service's. Default: none. */
  readonly from?: string;
  /** What it has written before as the exit code that everything is to end with. Default: nothing. */
  readonly exitCode?: number;
}

/** Speaks for the scripts of a simulation, which do not run. */
export class ScriptsVoice {
  #landlord: Landlord | undefined;
  #written: number | undefined;

  /** Makes the acquaintance of the one who answers. */
  readonly meet = (landlord: Landlord): void => {
    this.#landlord = landlord;
  };

  /** What stands in the place of the files for the exit code. */
  get world(): Pick<World, 'exitCode'> {
    return {
      exitCode: () =>
        this.#written === undefined ? { problems: [] } : { exitCode: this.#written, problems: [] },
    };
  }

  /** Calls a program as a script would. */
  async call(line: string, { from, exitCode }: CallOptions = {}): Promise<Reply> {
    const [program = '', ...args] = line.trim().split(/\s+/);
    if (exitCode !== undefined) this.#written = exitCode;
    const directory = from === undefined ? '/' : `/run/service/${from}`;
    const question = { program: basename(program), args, directory };
    const told = await this.#landlord?.answer(question);
    if (told !== undefined && told !== 'elsewhere') return told;
    const stderr = `${question.program}: fatal: this directory is none of the supervisor's`;
    return { exitCode: 111, stderr };
  }
}
