import { constants, openSync, renameSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { closeAll } from './close-streams.ts';
import { makeFifos } from './mkfifo.ts';
import { Reply } from './reply.ts';
import type { RuntimeDirectory } from './runtime-directory.ts';

/** A question through the FIFO of the stand-ins. */
export interface Question {
  /** The program's name, its arguments, and the working directory that it was called in. */
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: string;
}

/** What a stand-in is told: what to print and to end with; `elsewhere`: the real program is to be asked. */
export type Told = { exitCode: number; stdout?: string; stderr?: string } | 'elsewhere';

/** Who answers. */
export interface Answerer {
  /** A stand-in asks. */
  answer(question: Question): Promise<Told>;
  /** The real `s6-svscanctl` commands, in s6's letters. */
  command(letters: string): void;
}

/** The names of what is made in the runtime directory. */
const control = 'control';
const replies = 'replies';

/** What a FIFO is called until it is open; in a folder that goes with the rest. */
function draftOf(name: string): string {
  return `${replies}/${name.replaceAll('/', '-')}`;
}

/** The FIFO of the real `s6-svscanctl`, within the runtime directory. */
export const scanControl = 'services/.s6-svscan/control';

/**
 * The FIFOs through which the programs of a tree speak to the supervisor: one of our own for the stand-ins, who are answered,
 * and one in s6's protocol, so that the real `s6-svscanctl` finds what it expects.
 */
export class ControlFifos {
  readonly #runtime: RuntimeDirectory;
  readonly #answerer: Answerer;
  readonly #streams = new Set<Socket>();
  readonly #unanswered = new Set<Reply>();
  #opened: Promise<void> | undefined;
  #isClosed = false;
  #rest = Buffer.alloc(0);

  constructor(runtime: RuntimeDirectory, answerer: Answerer) {
    this.#runtime = runtime;
    this.#answerer = answerer;
  }

  /** Makes and opens them; resolves when they are there. Rejects with the system's error. */
  open(): Promise<void> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  /** Closes them; whoever is not answered yet never will be, and is told so by end-of-file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const reply of this.#unanswered) reply.close();
    this.#unanswered.clear();
    await this.#opened?.catch(() => undefined);
    await closeAll(this.#streams);
  }

  async #open(): Promise<void> {
    this.#runtime.makeFolder(replies, 0o700);
    this.#runtime.claim(control);
    // As under s6, only who is of our account has a say.
    await makeFifos(this.#runtime.path, [draftOf(control), draftOf(scanControl)], 0o600);
    if (this.#isClosed) return;
    this.#read(control, (chunk) => {
      this.#take(chunk);
    });
    this.#read(scanControl, (chunk) => {
      this.#answerer.command(chunk.toString('latin1'));
    });
  }

  /** It gets its name when it is open: what is written to a FIFO that nobody holds open is lost. */
  #read(name: string, take: (chunk: Buffer) => void): void {
    const path = join(this.#runtime.path, draftOf(name));
    // Open for both, it never comes to an end, whoever else opens and closes it.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    renameSync(path, join(this.#runtime.path, name));
    this.#keep(new Socket({ fd, readable: true, writable: false })).on('data', take);
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const fields = this.#rest.toString().split('\0');
    const unfinished = fields.pop() ?? '';
    let next = 0;
    for (;;) {
      const [reply, directory, program, count] = fields.slice(next, next + 4);
      const end = next + 4 + Number(count);
      if (reply === undefined || directory === undefined || program === undefined) break;
      if (count === undefined || !(end <= fields.length)) break;
      const question = { program, directory, args: fields.slice(next + 4, end) };
      void this.#answer(question, reply);
      next = end;
    }
    const left = [...fields.slice(next).map((field) => `${field}\0`), unfinished].join('');
    this.#rest = Buffer.from(left);
  }

  async #answer(question: Question, name: string): Promise<void> {
    const isPlace = /^\d+$/.test(name);
    const reply = isPlace ? new Reply(join(this.#runtime.path, replies, name)) : undefined;
    if (reply !== undefined) this.#unanswered.add(reply);
    const told = await this.#answerer.answer(question);
    if (reply === undefined || !this.#unanswered.delete(reply)) return;
    const rest = reply.say(textOf(told));
    if (rest !== undefined) this.#keep(rest);
  }

  /** Until it closes, at the end at the latest; nobody lives on for it. */
  #keep(stream: Socket): Socket {
    stream.on('error', () => undefined);
    stream.once('close', () => this.#streams.delete(stream));
    stream.unref();
    this.#streams.add(stream);
    return stream;
  }
}

function textOf(told: Told): string {
  if (told === 'elsewhere') return '>\n';
  const lines = [
    ...linesOf(told.stdout).map((line) => `1${line}`),
    ...linesOf(told.stderr).map((line) => `2${line}`),
    `.${String(told.exitCode)}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function linesOf(text: string | undefined): readonly string[] {
  return text?.split('\n') ?? [];
}
