import type { FakeChild } from './fake-child.ts';
import { isSuccess } from '../../model/exit.ts';

/** The log pipes of fake children: which child holds which end, and when a reader gets end-of-file, as with a kernel's pipes. */
export class FakePipes {
  /** The current pipe of each name. */
  readonly #current = new Map<string, FakePipe>();
  /** The names of the pipes that were closed before they existed: they will have no writer. */
  readonly #withoutWriter = new Set<string>();
  readonly #plugs = new Map<FakeChild, Plugs>();

  /** Gives a started child the pipe ends that its command names. */
  connect(child: FakeChild): void {
    const { stdin, stdout, stderr } = child.command;
    const written = [stdout, stderr].flatMap((output) => {
      const pipe = typeof output === 'object' ? this.#forWriter(child, output.pipe) : undefined;
      return pipe === undefined ? [] : [pipe];
    });
    const read = typeof stdin === 'object' ? this.#forReader(child, stdin.pipe) : undefined;
    if (!child.alive) return;
    this.#plugs.set(child, { read, written });
    for (const pipe of written) pipe.addWriter(child);
    read?.addReader(child);
  }

  /** To be called when a child has exited, and when the processes that it left behind have exited. */
  ended(child: FakeChild): void {
    const { read, written = [] } = this.#plugs.get(child) ?? {};
    read?.readerEnded(child);
    for (const pipe of written) pipe.writerEnded(child);
  }

  /** Closes the host's copy of the write end. */
  release(name: string): void {
    const pipe = this.#find(name);
    if (pipe === undefined) this.#withoutWriter.add(name);
    else pipe.release();
  }

  /** A writer needs a pipe whose write end is still open on the host's side. */
  #forWriter(child: FakeChild, name: string): FakePipe | undefined {
    const known = this.#find(name);
    if (isFinish(child) || known?.isReleased === false) return known;
    this.#withoutWriter.delete(name);
    return this.#make(name);
  }

  /** A reader takes the existing pipe, so that it can read the rest of a closed one. */
  #forReader(child: FakeChild, name: string): FakePipe | undefined {
    if (isFinish(child)) return undefined;
    const known = this.#find(name);
    if (known !== undefined) return known;
    const pipe = this.#make(name);
    if (this.#withoutWriter.has(name)) pipe.release();
    return pipe;
  }

  /** The current pipe; `undefined` when it was read to its end. */
  #find(name: string): FakePipe | undefined {
    const known = this.#current.get(name);
    return known?.isRead === true ? undefined : known;
  }

  #make(name: string): FakePipe {
    const pipe = new FakePipe();
    this.#current.set(name, pipe);
    return pipe;
  }
}

/** The pipes of one child. */
interface Plugs {
  readonly read: FakePipe | undefined;
  readonly written: readonly FakePipe[];
}

class FakePipe {
  isReleased = false;
  isRead = false;
  readonly #writers = new Set<FakeChild>();
  /** The readers; the value says whether one is the last because it came after the release. */
  readonly #readers = new Map<FakeChild, boolean>();

  addWriter(child: FakeChild): void {
    this.#writers.add(child);
  }

  addReader(child: FakeChild): void {
    this.#readers.set(child, this.isReleased);
    this.#tellEnd([child]);
  }

  release(): void {
    this.isReleased = true;
    this.#tellEnd([...this.#readers.keys()]);
  }

  /** A reader that was sent a signal before it exited may have left data for the next reader. */
  readerEnded(child: FakeChild): void {
    const isLast = this.#readers.get(child);
    if (isLast === undefined || child.lastExit === undefined) return;
    this.#readers.delete(child);
    const wasTold = child.signals.some((signal) => signal !== 'SIGCONT');
    const hasRead = isLast || (isSuccess(child.lastExit) && !wasTold);
    if (this.isReleased && hasRead) this.isRead = true;
  }

  writerEnded(child: FakeChild): void {
    if (child.lingers() || !this.#writers.delete(child)) return;
    this.#tellEnd([...this.#readers.keys()]);
  }

  #tellEnd(readers: readonly FakeChild[]): void {
    if (!this.isReleased || this.#writers.size > 0) return;
    for (const reader of readers) reader.meetEndOfFile();
  }
}

/** Whether a child is a finish script: it uses an existing pipe, and no pipe is made for it. */
function isFinish({ name }: FakeChild): boolean {
  return name.endsWith('/finish');
}
