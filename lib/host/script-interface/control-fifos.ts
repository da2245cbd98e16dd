import { constants, openSync, renameSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { closeAll } from '../os/close-streams.ts';
import type { ControlRequest } from './control-requests.ts';
import { RequestParser } from './control-requests.ts';
import { DroppedBytes } from './dropped-bytes.ts';
import { readFifo } from './fifo-reader.ts';
import { exists, isFifo } from '../os/folders.ts';
import { makeFifos } from '../os/mkfifo.ts';
import { ReplyFifo } from './reply.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import type { RequestHandler } from '../../engine/request-handler.ts';
import type { ProgramAnswer } from '../../model/call.ts';
import { problem } from '../../model/problem.ts';

/** The names of the entries in the runtime directory. */
const control = 'control';
const replies = 'replies';

/** The name of a FIFO until it is open, in the folder of the replies. */
function draftOf(name: string): string {
  return `${replies}/${name.replaceAll('/', '-')}`;
}

/** The FIFO of the real `s6-svscanctl`, within the runtime directory. */
export const scanControl = 'services/.s6-svscan/control';

/** The number of requests that may wait for their answer. */
export const mostWaiting = 1000;
/** The number of answers that may wait to be read. */
const mostUnread = 100;

/** A request that waits for its answer. */
interface Waiting {
  readonly reply: ReplyFifo;
  readonly abort: AbortController;
}

/**
 * The FIFOs through which the programs of a tree send requests to the supervisor: one for the shims, which get an answer, and one
 * in s6's protocol for the real `s6-svscanctl`. Only bytes that arrive in one piece are a request; all other bytes are dropped and
 * reported as a problem. One request is answered in each turn of the loop.
 */
export class ControlFifos {
  readonly #runtime: RuntimeDirectory;
  readonly #handler: Omit<RequestHandler, 'tree'>;
  readonly #streams = new Set<Socket>();
  readonly #waiting = new Set<Waiting>();
  readonly #unread = new Set<Socket>();
  readonly #parser = new RequestParser();
  readonly #dropped: Readonly<Record<'requests' | 'letters' | 'answers', DroppedBytes>>;
  #opened: Promise<void> | undefined;
  #state: 'new' | 'opening' | 'open' | 'failed' | 'closed' = 'new';

  constructor(runtime: RuntimeDirectory, handler: Omit<RequestHandler, 'tree'>) {
    this.#runtime = runtime;
    this.#handler = handler;
    this.#dropped = {
      requests: this.#dropper(control, 'that are no request'),
      letters: this.#dropper(scanControl, 'that are no command of s6-svscan'),
      answers: this.#dropper(replies, 'of answers that were not read'),
    };
  }

  /** Whether to open them: for the first time, or because they were open and a name was removed or is no FIFO any more. */
  isLost(): boolean {
    if (this.#state !== 'open') return this.#state === 'new';
    const at = (name: string): string => join(this.#runtime.path, name);
    return !exists(at(replies)) || ![control, scanControl].every((name) => isFifo(at(name)));
  }

  /** Makes and opens them; resolves when they are open. Rejects with the system's error. */
  open(): Promise<void> {
    if (!this.isLost()) return this.#opened ?? Promise.resolve();
    this.#state = 'opening';
    for (const stream of this.#streams) stream.destroy();
    this.#opened = this.#open().catch((error: unknown) => {
      if (this.#state === 'opening') this.#state = 'failed';
      throw error;
    });
    return this.#opened;
  }

  /** Closes the FIFOs; a shim without an answer gets end-of-file. */
  async close(): Promise<void> {
    this.#state = 'closed';
    for (const dropped of Object.values(this.#dropped)) dropped.flush();
    for (const { reply } of this.#waiting) reply.close();
    this.#waiting.clear();
    await this.#opened?.catch(() => undefined);
    await closeAll(this.#streams);
  }

  async #open(): Promise<void> {
    this.#runtime.makeFolder(replies, 0o700);
    this.#runtime.claim(control);
    // As under s6, only processes of the supervisor's account (and root) may write to them.
    await makeFifos(this.#runtime.path, [draftOf(control), draftOf(scanControl)], 0o600);
    if (this.#state === 'closed') return;
    this.#state = 'open';
    this.#read(control, (bytes, isFull) => this.#take(bytes, isFull));
    this.#read(scanControl, (bytes) => {
      this.#dropped.letters.add(this.#handler.command(bytes.toString('latin1')));
    });
  }

  /** Opens a FIFO before it gets its name: bytes written to a FIFO that no process holds open are lost. */
  #read(name: string, take: Parameters<typeof readFifo>[1]): void {
    const path = join(this.#runtime.path, draftOf(name));
    // Open for reading and writing, it never reaches end-of-file, whatever other processes open and close.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    renameSync(path, join(this.#runtime.path, name));
    this.#keep(readFifo(fd, take));
  }

  /** Passes the requests of one read to the handler; the next read waits until that is done. */
  async #take(bytes: Buffer, isFull: boolean): Promise<void> {
    const { requests, dropped } = this.#parser.push(bytes, isFull);
    this.#dropped.requests.add(dropped);
    for (const [index, request] of requests.entries()) {
      if (index > 0) await nextTurn();
      if (this.#state === 'closed') return;
      void this.#answer(request);
    }
  }

  async #answer({ reply: name, ...question }: ControlRequest): Promise<void> {
    const reply = new ReplyFifo(join(this.#runtime.path, replies, name));
    const waiting = { reply, abort: new AbortController() };
    const answer = this.#handler.answer(question, waiting.abort.signal);
    this.#waiting.add(waiting);
    if (this.#waiting.size > mostWaiting) this.#dropEnded();
    // The command is carried out all the same.
    if (!reply.isOpen) waiting.abort.abort(new Error('the program has ended'));
    else if (this.#waiting.size > mostWaiting) waiting.abort.abort(new Error(tooMany));
    const result = await answer;
    if (!this.#waiting.delete(waiting)) return;
    const rest = reply.send(textOf(result));
    if (rest !== undefined) this.#keepUnread(rest);
  }

  /** Drops the requests of programs that have ended. */
  #dropEnded(): void {
    for (const waiting of this.#waiting) {
      if (waiting.reply.confirm()) continue;
      this.#waiting.delete(waiting);
      waiting.abort.abort(new Error('the program has ended'));
    }
  }

  #keepUnread(stream: Socket): void {
    const [oldest] = this.#unread;
    if (oldest !== undefined && this.#unread.size >= mostUnread) {
      this.#unread.delete(oldest);
      this.#dropped.answers.add(oldest.writableLength);
      oldest.destroy();
    }
    this.#unread.add(stream);
    this.#keep(stream).once('close', () => this.#unread.delete(stream));
  }

  /** Registers a stream until it closes; `close` closes it at the latest. It does not keep the process alive. */
  #keep(stream: Socket): Socket {
    stream.on('error', () => undefined);
    stream.once('close', () => this.#streams.delete(stream));
    stream.unref();
    this.#streams.add(stream);
    return stream;
  }

  #dropper(name: string, what: string): DroppedBytes {
    return new DroppedBytes((count) => {
      const message = `${String(count)} bytes ${what} were dropped`;
      const path = join(this.#runtime.path, name);
      this.#handler.onProblem(problem('request-dropped', path, message, { remedy }));
    });
  }
}

const remedy =
  'Send requests with s6-svc, s6-svscanctl and the other programs on the PATH of scripts.';

const tooMany = `the supervisor has ${String(mostWaiting)} programs waiting already`;

function textOf(answer: ProgramAnswer): string {
  if (answer === 'elsewhere') return '>\n';
  const lines = [
    ...linesOf(answer.stdout).map((line) => `1${line}`),
    ...linesOf(answer.stderr).map((line) => `2${line}`),
    `.${String(answer.exitCode)}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function linesOf(text: string | undefined): readonly string[] {
  return text?.split('\n') ?? [];
}
