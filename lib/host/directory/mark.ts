import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Holder } from './holder.ts';
import { isHolderAlive, thisHolder } from './holder.ts';
import { isPassing, noMark, taken } from './refusals.ts';

/** The name of the mark in a runtime directory. */
export const markName = '.stagekeeper';

/** What a mark says. */
interface Content {
  /** Of this one taking of the directory. */
  readonly id: string;
  /** `null`: the directory is free, but something of that life is left. */
  readonly holder: Holder | null;
  /** The names that this library made in the directory. */
  readonly names: readonly string[];
  /** Whether the library made the directory itself. */
  readonly made: boolean;
}

/** Milliseconds in which a holder that cannot be looked at has opened its control FIFO. */
const youth = 2000;

/** The ids of marks that this thread could not release: their directories are free. */
const abandoned = new Set<string>();

/** Attempts to take a directory while others take it and let go of it. */
const mostAttempts = 100;

/** What `link()` fails of where there are no hard links. */
const noLinks: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK']);

/**
 * The mark of this library in a runtime directory: a file that says which supervisor holds the directory, and which names in it
 * the library made. What an earlier life's mark names is the library's to remove; nothing else is.
 *
 * The mark is made whole by one `link()`, so that of all that try at once one has it. A mark whose holder is dead is never
 * removed by name, since the name may have come to another holder meanwhile: a successor makes a file for that very mark
 * (`.stagekeeper-after-ID`), which one of all can make, and has the directory if its file is reached from the mark
 * afterwards. Then it replaces the mark by its own.
 */
export class Mark {
  readonly #folder: string;
  readonly #path: string;
  readonly #id = randomBytes(8).toString('hex');
  #isMade: boolean;

  /** @param isMade - Whether the library made the directory for this life. */
  constructor(folder: string, isMade = false) {
    this.#folder = folder;
    this.#isMade = isMade;
    this.#path = join(folder, markName);
  }

  /** Whether the library made the directory, for this life or for an earlier one that was killed. */
  get isMade(): boolean {
    return this.#isMade;
  }

  /**
   * Takes the directory, and returns the names that an earlier life has left in it.
   *
   * @throws RuntimeDirectoryError when another supervisor holds it, or a file that is no mark has the mark's name.
   * @throws the system's error when the mark cannot be written.
   */
  take(): readonly string[] {
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const first = readMark(this.#path);
      if (first === undefined) {
        if (this.#publish(this.#path, [])) return [];
        continue;
      }
      const last = this.#lastAfter(first);
      if (this.#isHeld(last)) throw taken(this.#folder, last.content.holder);
      const { id, names, made } = last.content;
      this.#isMade ||= made;
      const successor = this.#after(id);
      if (!this.#publish(successor, names)) continue;
      if (this.#isOwn()) {
        this.write(names);
        this.#removeDrafts();
        return names;
      }
      rmSync(successor, { force: true });
    }
    throw taken(this.#folder, null);
  }

  /**
   * Whether the directory still has this mark.
   *
   * @throws the system's error when the mark cannot be read now and may be at the next attempt.
   */
  isThere(): boolean {
    try {
      return readMark(this.#path)?.content.id === this.#id;
    } catch (error) {
      if (isPassing(error)) throw error;
      return false;
    }
  }

  /**
   * Writes which names are the library's.
   *
   * @throws the system's error.
   */
  write(names: readonly string[], holder: Holder | null = thisHolder()): void {
    const draft = this.#draft();
    try {
      writeFileSync(draft, textOf({ id: this.#id, holder, names, made: this.#isMade }), {
        mode: 0o644,
      });
      renameSync(draft, this.#path);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  }

  /**
   * Lets go of the directory; `names` are still there. When that fails, this thread can take the directory all the same.
   *
   * @throws the system's error.
   */
  release(names: readonly string[] = []): void {
    try {
      if (!this.isThere()) return;
      if (names.length > 0) this.write(names, null);
      else rmSync(this.#path, { force: true });
    } catch (error) {
      abandoned.add(this.#id);
      throw error;
    }
  }

  #isOwn(): boolean {
    const first = readMark(this.#path);
    return first !== undefined && this.#lastAfter(first).content.id === this.#id;
  }

  /** The mark that stands for the directory: successors of dead holders follow one another. */
  #lastAfter(first: Read): Read {
    let last = first;
    for (let next: Read | undefined = first; next !== undefined;) {
      last = next;
      next = readMark(this.#after(last.content.id));
    }
    return last;
  }

  #isHeld({ content: { holder, id }, age }: Read): boolean {
    if (abandoned.has(id)) return false;
    const isYoung = Math.abs(age) < youth;
    // Without hard links a mark is empty for a moment.
    if (holder === null) return id === '' && isYoung;
    return isHolderAlive(holder) ?? (isYoung || hasReader(join(this.#folder, 'control')));
  }

  /** Makes a file that says that the directory is this mark's, in one piece; `false` when there is one of that name. */
  #publish(path: string, names: readonly string[]): boolean {
    const draft = this.#draft();
    const text = textOf({ id: this.#id, holder: thisHolder(), names, made: this.#isMade });
    try {
      writeFileSync(draft, text, { mode: 0o644 });
      try {
        linkSync(draft, path);
      } catch (error) {
        if (!noLinks.has((error as NodeJS.ErrnoException).code)) throw error;
        writeFileSync(path, text, { mode: 0o644, flag: 'wx' });
      }
      return true;
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      // A holder that comes to be meanwhile removes the drafts of the others.
      if (code === 'EEXIST' || (code === 'ENOENT' && syscall === 'link')) return false;
      throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }

  #after(id: string): string {
    return join(this.#folder, `${markName}-after-${id}`);
  }

  #draft(): string {
    return join(this.#folder, `${markName}-draft-${this.#id}`);
  }

  #removeDrafts(): void {
    const others = /^\.stagekeeper-(after|draft)-[0-9a-f]*$/;
    for (const name of readdirSync(this.#folder)) {
      if (others.test(name)) rmSync(join(this.#folder, name), { force: true });
    }
  }
}

/** A mark as it was read. */
interface Read {
  readonly content: Content;
  /** Milliseconds since it was written. */
  readonly age: number;
}

/** A mark; `undefined` when there is no such file. */
function readMark(path: string): Read | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isFile()) throw noMark(path);
  const age = Date.now() - stats.mtimeMs;
  const text = readWithoutLinks(path);
  if (text === undefined) return undefined;
  if (text === '') return { content: { id: '', holder: null, names: [], made: false }, age };
  const content = contentOf(text);
  if (content === undefined) throw noMark(path);
  return { content, age };
}

function readWithoutLinks(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const about = 'The mark of the library stagekeeper: it made what is named here, and removes it.';

function textOf(content: Content): string {
  return `${JSON.stringify({ about, ...content })}\n`;
}

function contentOf(text: string): Content | undefined {
  try {
    const { id, holder, names, made } = JSON.parse(text) as Partial<Content>;
    const isMark = typeof id === 'string' && /^[0-9a-f]+$/.test(id) && holder !== undefined;
    if (!isMark || !Array.isArray(names)) return undefined;
    return { id, holder, names: names.filter(isPlainName), made: made === true };
  } catch {
    return undefined;
  }
}

/** A name that leads nowhere but into the directory. */
function isPlainName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && !/^\.{1,2}$|[/\0]/.test(name);
}

/** Whether a process has a FIFO open for reading: the kernel knows, whatever pid namespace the process is in. */
function hasReader(fifo: string): boolean {
  try {
    closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
    return lstatSync(fifo).isFIFO();
  } catch {
    return false;
  }
}
