import type { RequestHandler } from '../../engine/request-handler.ts';
import { ControlFifos } from './control-fifos.ts';
import { ExitCodeFiles } from './exit-code-files.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import { ScanDirectory } from './scan-directory.ts';
import { provideHalt } from './shims.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/**
 * The files for the scripts of a tree in the runtime directory, in addition to the container environment and the shims for s6's
 * programs: the scan directory, the FIFOs for requests to the supervisor, and the files for the exit code. They are made before the
 * first process starts, and removed after the last one has exited.
 */
export class ScriptInterface {
  readonly #runtime: RuntimeDirectory;
  readonly #handler: RequestHandler;
  readonly #control: ControlFifos;
  readonly #exitCode: ExitCodeFiles;
  /** The scan directory. */
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
   * Takes the runtime directory, and makes none of the files.
   *
   * @throws RuntimeDirectoryError when it cannot be used; nothing has been changed then.
   * @throws the system's error when the failure may be temporary.
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
   * Makes the files that do not exist. The FIFOs are ready some milliseconds later; no process waits for them.
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
        const why = `scripts cannot send requests to the supervisor: ${(error as Error).message}`;
        this.#handler.onProblem(problem('control-unavailable', this.#runtime.path, why));
      },
    );
  }

  /** The exit code that a script has written; absent if none was written. */
  readExitCode(): { readonly exitCode?: number; readonly problems: readonly Problem[] } {
    return this.#isProvided ? this.#exitCode.read() : { problems: [] };
  }

  /** Writes the exit code of the life where scripts look for it; see `ExitCodeFiles`. */
  recordExitCode(exitCode: number, replaces: boolean): readonly Problem[] {
    return this.#isProvided ? this.#exitCode.record(exitCode, replaces) : [];
  }

  /** Closes the FIFOs and removes the files outside the runtime directory. */
  async release(): Promise<void> {
    await this.#control.close();
    if (this.#isProvided) this.#exitCode.release();
    this.#isProvided = false;
  }
}
