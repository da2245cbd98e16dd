import { execFile } from 'node:child_process';
import { constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A line that a service wrote, and when it was read. */
export interface Announcement {
  readonly word: string;
  /** Milliseconds of the machine's clock. */
  readonly at: number;
}

/** The machine's clock in milliseconds, the same in all processes. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** How long a wait may take before the work counts as hung, in milliseconds. */
const waitTimeout = 120_000;

/**
 * A named pipe on which services announce that they run, in the same way under every supervisor: a script first writes its
 * pid.
 */
export class Announcements {
  /** The announcements so far. */
  readonly received: Announcement[] = [];
  /** The pipe's path. */
  readonly path: string;
  readonly #socket: Socket;
  #rest = '';
  #notify: () => void = () => undefined;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.setEncoding('utf8').on('data', (text: string) => {
      this.#receive(text);
    });
  }

  /** Makes the pipe in a folder and opens it. */
  static async open(folder: string): Promise<Announcements> {
    const path = join(folder, 'announcements');
    await promisify(execFile)('mkfifo', [path]);
    // Open for writing, too, so that there is no end of file while no service has it open.
    return new Announcements(path, openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
  }

  /** The line of a script by which it announces its pid. */
  get line(): string {
    return `echo $$ >${this.path}`;
  }

  /** The announced pids, the latest last. */
  get pids(): readonly number[] {
    return this.received.map(({ word }) => Number(word)).filter((pid) => !Number.isNaN(pid));
  }

  /** Resolves with the announcement of this number, counted from 1, once it is there. */
  async reached(count: number): Promise<Announcement> {
    const end = setTimeout(() => {
      this.#notify();
    }, waitTimeout);
    const limit = now() + waitTimeout;
    try {
      for (;;) {
        const there = this.received[count - 1];
        if (there !== undefined) return there;
        if (now() >= limit) {
          throw new Error(
            `Of ${count} announcements ${this.received.length} came within ${waitTimeout} ms.`,
          );
        }
        await new Promise<void>((resolve) => {
          this.#notify = resolve;
        });
      }
    } finally {
      clearTimeout(end);
    }
  }

  /** Closes and removes the pipe. */
  close(): void {
    this.#socket.destroy();
    rmSync(this.path, { force: true });
  }

  #receive(text: string): void {
    const at = now();
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const word of lines) this.received.push({ word, at });
    this.#notify();
  }
}
