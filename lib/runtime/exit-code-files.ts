import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { RuntimeDirectory } from './runtime-directory.ts';
import { problem } from '../model/problem.ts';
import type { Problem } from '../model/problem.ts';
import { readBeginning } from '../read-file.ts';

/** The folder of s6-overlay v2 within the runtime directory, and the file in it. */
const folderName = 'env-stage3';
const fileName = 'S6_STAGE2_EXITED';

/** The folder of s6-overlay v3, beside a runtime directory that is called `s6`: `/run/s6-linux-init-container-results`. */
const neighbour = 's6-linux-init-container-results';

/** The exit code of v2 when what was written is no number; ours, too, when it cannot be read. */
const senseless = 100;

/** How much of a file is looked at, in bytes: more than any number. */
const longest = 64;

/** The files into which a tree's scripts write the exit code that everything is to end with. */
export class ExitCodeFiles {
  readonly #runtime: RuntimeDirectory;
  readonly #results: string | undefined;
  #madeResults = false;

  constructor(runtime: RuntimeDirectory) {
    this.#runtime = runtime;
    const isCalledS6 = !runtime.isPrivate && basename(runtime.path) === 's6';
    this.#results = isCalledS6 ? join(dirname(runtime.path), neighbour) : undefined;
  }

  /**
   * Makes the folders. The file of v3 begins with 0, since scripts look whether another code stands there already.
   *
   * @throws the system's error when they cannot be made.
   */
  provide(): void {
    this.#runtime.makeFolder(folderName);
    if (this.#results === undefined) return;
    this.#madeResults = mkdirSync(this.#results, { recursive: true }) !== undefined;
    const file = this.#file();
    begin(file);
    utimesSync(file, 0, 0); // so that whoever writes it is noticed, whatever they write
  }

  /** What was written, v3's file before v2's; nothing if nobody has. */
  read(): { readonly exitCode?: number; readonly problems: readonly Problem[] } {
    const v3 = this.#results === undefined ? undefined : this.#file();
    if (v3 !== undefined && wasWritten(v3)) return parse(v3);
    const v2 = join(this.#runtime.path, folderName, fileName);
    return this.#runtime.inUse && wasWritten(v2) ? parse(v2) : { problems: [] };
  }

  /** Removes what is not in the runtime directory. */
  release(): void {
    if (this.#results === undefined) return;
    rmSync(this.#file(), { recursive: true, force: true });
    if (this.#madeResults) rmSync(this.#results, { recursive: true, force: true });
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

/** An earlier life may have left anything in its place: a folder, a FIFO that has no reader, a file that may not be written to. */
function begin(file: string): void {
  rmSync(file, { recursive: true, force: true });
  writeFileSync(file, '0\n', { flag: 'wx' });
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
    return senselessly(file, `${why}; it is ${String(senseless)}`, unreadable);
  }
  if (/^\d{1,9}$/.test(text) && Number(text) <= 255)
    return { exitCode: Number(text), problems: [] };
  const exitCode = /^\d{1,9}$/.test(text) ? Number(text) % 256 : senseless;
  const message = `'${text.slice(0, 50)}' was written as the exit code, which is none; it is ${String(exitCode)}`;
  return senselessly(file, message, 'Write a number from 0 to 255.', exitCode);
}

const unreadable = 'Write a file, with a number from 0 to 255, that the supervisor may read.';

function senselessly(file: string, message: string, remedy: string, exitCode = senseless): Written {
  return { exitCode, problems: [problem('value-invalid', file, message, { remedy })] };
}

/** The beginning of a file, without blanks around it. */
function textOf(path: string): string {
  return readBeginning(path, Buffer.alloc(longest)).toString().trim();
}
