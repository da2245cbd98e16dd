import type { FakeChild } from './fake-child.ts';
import { isSuccess } from '../model/exit.ts';

/** The log pipes of fake children: who holds which end, and when a reader finds the end, as with pipes of the kernel. */
export class FakePipes {
  /** The pipe that a name stands for at present. */
  readonly #current = new Map<string, FakePipe>();
  /** The names of the pipes that were let go of before they came to be: nobody will write into them. */
  readonly #withoutWriter = new Set<string>();
  readonly #plugs = new Map<FakeChild, Plugs>();

  /** Gives a child that was begun the ends that its command names. */
  plug(child: FakeChild): void {
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

  /** To be called when a child has ended, and when those have that it left behind. */
  ended(child: FakeChild): void {
    const { read, written = [] } = this.#plugs.get(child) ?? {};
    read?.readerEnded(child);
    for (const pipe of written) pipe.writerEnded(child);
  }

  /** The write end is let go of. */
  release(name: string): void {
    const pipe = this.#find(name);
    if (pipe === undefined) this.#withoutWriter.add(name);
    else pipe.release();
  }

  /** A writer needs a pipe that was not let go of. */
  #forWriter(child: FakeChild, name: string): FakePipe | undefined {
    const known = this.#find(name);
    if (isFinish(child) || known?.isReleased === false) return known;
    this.#withoutWriter.delete(name);
    return this.#make(name);
  }

  /** A reader takes what there is, so that it can read the rest of a pipe that was let go of. */
  #forReader(child: FakeChild, name: string): FakePipe | undefined {
    if (isFinish(child)) return undefined;
    const known = this.#find(name);
    if (known !== undefined) return known;
    const pipe = this.#make(name);
    if (this.#withoutWriter.has(name)) pipe.release();
    return pipe;
  }

  /** The pipe that there is; one that was read to its end is none. */
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
  /** Its readers, and whether each is the last because it came when the pipe had been let go of. */
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

  /** A reader that was told to end may have left something for the next one. */
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

/** Whether it is a finish script: it takes the pipe that there is, and none is made for it. */
function isFinish({ name }: FakeChild): boolean {
  return name.endsWith('/finish');
}
