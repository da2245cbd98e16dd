import { basename } from 'node:path';
import type { ProgramReply } from '../../model/call.ts';
import type { RequestHandler } from '../../engine/request-handler.ts';
import type { World } from '../../engine/world.ts';

/** How a script calls a program. */
export interface CallOptions {
  /** The service in whose directory the script runs, `web` or `web/log`; for a finish script, its service. Default: none. */
  readonly from?: string;
  /** The exit code that the script has written before, to become that of the whole tree. Default: none. */
  readonly exitCode?: number;
}

/** Makes the requests of the scripts of a simulation, which do not run. */
export class ScriptCaller {
  #handler: RequestHandler | undefined;
  #written: number | undefined;

  /** Sets the request handler. */
  readonly setHandler = (handler: RequestHandler): void => {
    this.#handler = handler;
  };

  /** Replaces the files that hold the exit code. */
  get world(): Pick<World, 'exitCode'> {
    return {
      exitCode: () =>
        this.#written === undefined ? { problems: [] } : { exitCode: this.#written, problems: [] },
    };
  }

  /** Calls a program in the way that a script does. */
  async call(line: string, { from, exitCode }: CallOptions = {}): Promise<ProgramReply> {
    const [program = '', ...args] = line.trim().split(/\s+/);
    if (exitCode !== undefined) this.#written = exitCode;
    const directory = from === undefined ? '/' : `/run/service/${from}`;
    const question = { program: basename(program), args, directory };
    const answer = await this.#handler?.answer(question);
    if (answer !== undefined && answer !== 'elsewhere') return answer;
    const stderr = `${question.program}: fatal: this directory is none of the supervisor's`;
    return { exitCode: 111, stderr };
  }
}
