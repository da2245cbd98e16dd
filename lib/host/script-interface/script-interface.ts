import type { RequestHandler } from '../../engine/request-handler.ts';
import { ControlFifos } from './control-fifos.ts';
import { ExitCodeFiles } from './exit-code-files.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import { ScanDirectory } from './scan-directory.ts';
import { provideHalt } from './shims.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/**
 * What the scripts of a tree find in the runtime directory, beside the container environment and the stand-ins for s6's programs:
 * the directory of the services, a way to speak to the supervisor, and files for the exit code. It is made before the first
 * process starts, and goes after the last has ended.
 */
export class ScriptInterface {
  readonly #runtime: RuntimeDirectory;
  readonly #handler: RequestHandler;
  readonly #control: ControlFifos;
  readonly #exitCode: ExitCodeFiles;
  /** The directory of the services. */
  readonly scan: ScanDirectory;
  #isProvided = false;

  constructor(runtime: RuntimeDirectory, handler: RequestHandler) {
    this.#runtime = runtime;
    this.#handler = handler;
    this.scan = new ScanDirectory(runtime, () => handler.tree);
    this.#control = new ControlFifos(runtime, handler);
    this.#exitCode = new ExitCodeFiles(runtime);
  }

  /**
   * Takes the runtime directory, without anything in it.
   *
   * @throws RuntimeDirectoryError when it cannot be used: nothing was changed then.
   * @throws the system's error when that may be over at the next attempt.
   */
  take(): void {
    const isNew = !this.#runtime.inUse;
    this.#runtime.take();
    try {
      this.#exitCode.require();
    } catch (error) {
      if (isNew) this.#runtime.remove();
      throw error;
    }
  }

  /**
   * Makes all that is not there yet, or not any more. The FIFOs take some milliseconds more, for which no process waits.
   *
   * @throws RuntimeDirectoryError when the runtime directory cannot be used.
   * @throws the system's error when something in it cannot be made.
   */
  provide(): void {
    this.take();
    this.scan.provide();
    provideHalt(this.#runtime);
    this.#exitCode.provide();
    this.#isProvided = true;
    if (!this.#control.isLost()) return;
    this.#control.open().then(
      () => this.#runtime.protect(),
      (error: unknown) => {
        const why = `scripts cannot speak to the supervisor: ${(error as Error).message}`;
        this.#handler.onProblem(problem('control-unavailable', this.#runtime.path, why));
      },
    );
  }

  /** The exit code that a script has written; nothing if none has. */
  readExitCode(): { readonly exitCode?: number; readonly problems: readonly Problem[] } {
    return this.#isProvided ? this.#exitCode.read() : { problems: [] };
  }

  /** Gives back what is not removed with the runtime directory. */
  async release(): Promise<void> {
    await this.#control.close();
    if (this.#isProvided) this.#exitCode.release();
    this.#isProvided = false;
  }
}
