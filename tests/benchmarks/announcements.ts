import { execFile } from 'node:child_process';
import { constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** One line that a service wrote, and when it came. */
export interface Announcement {
  readonly word: string;
  /** Milliseconds of the machine's clock. */
  readonly at: number;
}

/** The machine's clock in milliseconds, the same in all processes. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** How long anything may take before it counts as hung, in milliseconds. */
const patience = 120_000;

/**
 * A named pipe on which services say that they run, in the same way whoever started them: the first thing that a script
 * does is to write its pid.
 */
export class Announcements {
  /** What has come so far. */
  readonly heard: Announcement[] = [];
  /** The pipe's path. */
  readonly path: string;
  readonly #socket: Socket;
  #rest = '';
  #stir: () => void = () => undefined;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.setEncoding('utf8').on('data', (text: string) => {
      this.#hear(text);
    });
  }

  /** Makes the pipe in a folder. */
  static async open(folder: string): Promise<Announcements> {
    const path = join(folder, 'announcements');
    await promisify(execFile)('mkfifo', [path]);
    // Open for writing, too, so that it does not end whenever no service has it open.
    return new Announcements(path, openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
  }

  /** The line of a script that announces its pid. */
  get line(): string {
    return `echo $$ >${this.path}`;
  }

  /** The pids that were announced, latest last. */
  get pids(): readonly number[] {
    return this.heard.map(({ word }) => Number(word)).filter((pid) => !Number.isNaN(pid));
  }

  /** Resolves with the announcement of this number, counted from 1, once it is there. */
  async reached(count: number): Promise<Announcement> {
    const end = setTimeout(() => {
      this.#stir();
    }, patience);
    const limit = now() + patience;
    try {
      for (;;) {
        const there = this.heard[count - 1];
        if (there !== undefined) return there;
        if (now() >= limit) {
          throw new Error(
            `Of ${count} announcements ${this.heard.length} came within ${patience} ms.`,
          );
        }
        await new Promise<void>((resolve) => {
          this.#stir = resolve;
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

  #hear(text: string): void {
    const at = now();
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const word of lines) this.heard.push({ word, at });
    this.#stir();
  }
}
