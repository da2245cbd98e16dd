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
import { isTemporary, noMark, taken } from './refusals.ts';

/** The file name of the mark in a runtime directory. */
export const markName = '.stagekeeper';

/** The content of a mark. */
interface Content {
  /** A random id, new each time the directory is taken. */
  readonly id: string;
  /** `null`: the directory is free, but contains leftovers of the last holder. */
  readonly holder: Holder | null;
  /** The names of the entries that this library made in the directory. */
  readonly names: readonly string[];
  /** Whether the library made the directory itself. */
  readonly made: boolean;
}

/** Milliseconds within which a holder that cannot be inspected has opened its control FIFO. */
const settlingTime = 2000;

/** The ids of marks that this thread could not release: their directories are free. */
const abandoned = new Set<string>();

/** Attempts to take a directory while other supervisors take and release it. */
const mostAttempts = 100;

/** The error codes of `link()` on file systems without hard links. */
const noLinks: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK']);

/**
 * The mark of this library in a runtime directory: a file that names the supervisor that holds the directory, and the entries
 * that the library made in it. The library removes the entries that the mark of an earlier run names, and nothing else.
 *
 * One `link()` creates the complete mark, so exactly one of several concurrent supervisors succeeds. The mark of a dead holder is
 * never removed by name, since another holder may have replaced it meanwhile: a successor creates a file for the id of that mark
 * (`.stagekeeper-after-ID`), which only one supervisor can create. It holds the directory if the chain of files from the mark
 * still leads to its own file. Then it replaces the mark by its own.
 */
export class Mark {
  readonly #folder: string;
  readonly #path: string;
  readonly #id = randomBytes(8).toString('hex');
  #isMade: boolean;

  /** @param isMade - Whether the library made the directory for this run. */
  constructor(folder: string, isMade = false) {
    this.#folder = folder;
    this.#isMade = isMade;
    this.#path = join(folder, markName);
  }

  /** Whether the library made the directory, for this run or for an earlier one that was killed. */
  get isMade(): boolean {
    return this.#isMade;
  }

  /**
   * Takes the directory, and returns the names of the entries that an earlier run left in it.
   *
   * @throws RuntimeDirectoryError when another supervisor holds it, or a file that is not a mark has the mark's name.
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
      if (isTemporary(error)) throw error;
      return false;
    }
  }

  /**
   * Writes the names of the entries that the library made.
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
   * Releases the directory. When that fails, this thread can take it all the same.
   *
   * @param names - The entries that could not be removed.
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

  /** The last mark in the chain of successors, which decides which supervisor holds the directory. */
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
    const isRecent = Math.abs(age) < settlingTime;
    // Without hard links a mark is empty for a moment.
    if (holder === null) return id === '' && isRecent;
    return isHolderAlive(holder) ?? (isRecent || hasReader(join(this.#folder, 'control')));
  }

  /** Creates a complete file with the content of this mark; returns `false` when a file of that name exists. */
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
      // Another supervisor that takes the directory meanwhile removes the drafts.
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

/** A mark, as read from its file. */
interface Read {
  readonly content: Content;
  /** Milliseconds since it was written. */
  readonly age: number;
}

/** Reads a mark; `undefined` when there is no such file. */
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

/** Whether this is the name of a direct entry: it has no slash or NUL, and is not `.` or `..`. */
function isPlainName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && !/^\.{1,2}$|[/\0]/.test(name);
}

/** Whether a process has a FIFO open for reading. This works across pid namespaces. */
function hasReader(fifo: string): boolean {
  try {
    closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
    return lstatSync(fifo).isFIFO();
  } catch {
    return false;
  }
}
