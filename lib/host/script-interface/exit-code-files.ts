import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
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
    writeFileSync(file, '0\n', { flag: 'wx' });
    utimesSync(file, 0, 0); // so that a write is noticed, whatever its content
    this.#isBegun = true;
  }

  /** The exit code that was written, v3's file before v2's; absent if none was written. */
  read(): { readonly exitCode?: number; readonly problems: readonly Problem[] } {
    const v3 = this.#results === undefined ? undefined : this.#file();
    if (v3 !== undefined && wasWritten(v3)) return parse(v3);
    const v2 = join(this.#runtime.path, folderName, fileName);
    return this.#runtime.inUse && wasWritten(v2) ? parse(v2) : { problems: [] };
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

function wasWritten(file: string): boolean {
  try {
    return statSync(file).mtimeMs !== 0;
  } catch {
    return false;
  }
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
  if (/^\d{1,9}$/.test(text) && Number(text) <= 255)
    return { exitCode: Number(text), problems: [] };
  const exitCode = /^\d{1,9}$/.test(text) ? Number(text) % 256 : invalidCode;
  const message = `'${text.slice(0, 50)}' was written as the exit code, which is none; it is ${String(exitCode)}`;
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
