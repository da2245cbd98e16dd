import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { exists, makeWithParents, removeIfEmpty } from '../os/folders.ts';
import { markName } from '../directory/mark.ts';
import { occupied } from '../directory/refusals.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import { requireTrust } from '../directory/directory-trust.ts';
import { problem } from '../../model/problem.ts';
import type { Problem } from '../../model/problem.ts';
import { readBeginning } from '../../system/read-file.ts';

/** The folder of s6-overlay v2 within the runtime directory, and the file in it. */
const folderName = 'env-stage3';
const fileName = 'S6_STAGE2_EXITED';

/** The folder of s6-overlay v3, next to a runtime directory with the name `s6`: `/run/s6-linux-init-container-results`. */
const resultsName = 's6-linux-init-container-results';

/** The exit code when the content is not a number (s6-overlay v2) or the file cannot be read (this library). */
const invalidCode = 100;

/** The bytes of a file that are read: more than any number has. */
const longest = 64;

/** The files into which a tree's scripts write the exit code for the verdict. */
export class ExitCodeFiles {
  readonly #runtime: RuntimeDirectory;
  readonly #results: string | undefined;
  #madeResults = false;
  #isBegun = false;

  constructor(runtime: RuntimeDirectory) {
    this.#runtime = runtime;
    const isCalledS6 = !runtime.isPrivate && basename(runtime.path) === 's6';
    this.#results = isCalledS6 ? join(dirname(runtime.path), resultsName) : undefined;
  }

  /**
   * Checks that the files can be made.
   *
   * @throws RuntimeDirectoryError when v3's file exists and this library did not make it, or when another account can change its
   * folder.
   */
  require(): void {
    const results = this.#results;
    if (results === undefined || this.#isBegun) return;
    requireTrust(results);
    const isMarked = exists(join(results, markName));
    if (!isMarked && exists(this.#file())) throw occupied(results, [basename(this.#file())]);
  }

  /**
   * Makes the missing folders. The file of v3 contains 0 at first, since scripts check whether it contains another code already.
   *
   * @throws RuntimeDirectoryError as `require()` does.
   * @throws the system's error when they cannot be made.
   */
  provide(): void {
    if (!this.#runtime.holds(folderName)) this.#runtime.makeFolder(folderName);
    if (this.#results === undefined || this.#isBegun) return;
    this.require();
    this.#madeResults = makeWithParents(this.#results);
    writeFileSync(join(this.#results, markName), '', { mode: 0o644 });
    const file = this.#file();
    rmSync(file, { recursive: true, force: true }); // left by an earlier run
    write(file, 0);
    this.#isBegun = true;
  }

  /** The exit code that a script has written, v3's file before v2's; absent if none was written. */
  read(): { readonly exitCode?: number; readonly problems: readonly Problem[] } {
    const written = this.#present().find(wasWritten);
    return written === undefined ? { problems: [] } : parse(written);
  }

  /**
   * Writes the exit code of the life to both files, so that a script which writes its own only in place of 0 leaves it. It does not
   * count as written by a script.
   *
   * @param replaces - Whether it replaces a code that a script has written.
   */
  record(exitCode: number, replaces: boolean): readonly Problem[] {
    const files = this.#present();
    if (!replaces && files.some(wasWritten)) return [];
    return files.flatMap((file) => {
      try {
        write(file, exitCode);
        return [];
      } catch (error) {
        const message = `the exit code ${String(exitCode)} cannot be written for scripts: ${(error as Error).message}`;
        return [problem('exit-code-unwritten', file, message, { remedy: unwritten })];
      }
    });
  }

  /** The files, v3's first, as far as there is a place for them. */
  #present(): readonly string[] {
    const v3 = this.#results === undefined ? [] : [this.#file()];
    const v2 = join(this.#runtime.path, folderName, fileName);
    return this.#runtime.inUse ? [...v3, v2] : v3;
  }

  /** Removes the file of v3 and its folder, which are outside the runtime directory. */
  release(): void {
    if (this.#results === undefined || !this.#isBegun) return;
    this.#isBegun = false;
    rmSync(this.#file(), { recursive: true, force: true });
    rmSync(join(this.#results, markName), { force: true });
    if (this.#madeResults) removeIfEmpty(this.#results);
  }

  #file(): string {
    return join(this.#results ?? '', 'exitcode');
  }
}

/** Writes a file in place, with its owner and mode, and marks it, so that a later write is noticed, whatever its content. */
function write(path: string, exitCode: number): void {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644);
  try {
    if (!fstatSync(file).isFile()) throw new Error('it is not a file');
    ftruncateSync(file);
    writeSync(file, `${String(exitCode)}\n`);
    futimesSync(file, 0, 0);
  } finally {
    closeSync(file);
  }
}

const unwritten = 'Leave a file in its place; scripts write to it and do not replace it.';

/** Whether a script has written a file; a link in its place is its work, too, wherever it leads. */
function wasWritten(file: string): boolean {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  return stats !== undefined && stats.mtimeMs !== 0;
}

interface Written {
  readonly exitCode: number;
  readonly problems: readonly Problem[];
}

function parse(file: string): Written {
  let text: string;
  try {
    text = textOf(file);
  } catch (error) {
    const why = `the exit code that was written cannot be read: ${(error as Error).message}`;
    return invalid(file, `${why}; it is ${String(invalidCode)}`, unreadable);
  }
  const number = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  if (number !== undefined && number <= 255) return { exitCode: number, problems: [] };
  // A failure must not count as success: 256 is what `finish` gets for a run that a signal has ended.
  const exitCode = (number ?? 0) % 256 || invalidCode;
  const message = `'${text.slice(0, 50)}' is no exit code (0 to 255); the exit code is ${String(exitCode)}`;
  return invalid(file, message, 'Write a number from 0 to 255.', exitCode);
}

const unreadable = 'Write a file, with a number from 0 to 255, that the supervisor may read.';

function invalid(file: string, message: string, remedy: string, exitCode = invalidCode): Written {
  return { exitCode, problems: [problem('value-invalid', file, message, { remedy })] };
}

/** The beginning of a file, trimmed. */
function textOf(path: string): string {
  return readBeginning(path, Buffer.alloc(longest)).toString().trim();
}
