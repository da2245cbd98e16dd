import { requestMark } from '../shims/request.ts';
import type { ProgramCall } from '../../model/call.ts';

/** A question, and the name of the FIFO for the answer. */
export interface ControlRequest extends ProgramCall {
  readonly reply: string;
}

/** The bytes that the kernel writes to a FIFO in one piece (Linux: PIPE_BUF). A request that is longer is none. */
export const longestRequest = 4096;

/** What was found in the bytes of one read. */
export interface Parsed {
  readonly requests: readonly ControlRequest[];
  /** How many bytes belong to no request. */
  readonly dropped: number;
}

const mark = Buffer.from(`${requestMark}\0`);

/**
 * Finds the requests in what is read from the control FIFO, and drops everything else. Its cost is linear in the bytes.
 *
 * A request is a sequence of fields, each ended by NUL: the mark, the name of the FIFO for the answer (digits), the working
 * directory, the program, the number of arguments, the arguments. A request begins at each mark, and what comes before the next
 * mark and is not all of a request is dropped.
 */
export class RequestParser {
  /** The beginning of a request that the latest read has cut. */
  #tail = Buffer.alloc(0);

  /**
   * Takes the bytes of one read.
   *
   * @param mayBeCut - Whether there may be more where they come from: the read has filled its buffer. A request is written in one
   * piece, so what is not complete otherwise never will be.
   */
  push(chunk: Buffer, mayBeCut: boolean): Parsed {
    const bytes = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    const requests: ControlRequest[] = [];
    let used = 0;
    let end = 0; // of the latest request
    let at = bytes.indexOf(mark);
    while (at !== -1) {
      const next = bytes.indexOf(mark, at + mark.length);
      const found = parse(bytes.subarray(at, next === -1 ? bytes.length : next));
      if (found !== undefined) {
        requests.push(found.request);
        used += found.length;
        end = at + found.length;
      }
      at = next;
    }
    const kept = mayBeCut ? cutRequest(bytes.subarray(end)) : 0;
    this.#tail = Buffer.from(bytes.subarray(bytes.length - kept));
    return { requests, dropped: bytes.length - used - kept };
  }
}

/** The request at the beginning of these bytes, and its length; `undefined` if it is not complete or not one. */
function parse(
  bytes: Buffer,
): { readonly request: ControlRequest; readonly length: number } | undefined {
  const fields = new Fields(bytes.subarray(0, longestRequest));
  fields.next(); // the mark
  const reply = fields.next();
  const directory = fields.next();
  const program = fields.next();
  const count = fields.next();
  if (reply === undefined || directory === undefined || program === undefined) return undefined;
  if (!/^\d{1,10}$/.test(reply) || count === undefined || !/^\d{1,4}$/.test(count))
    return undefined;
  const args: string[] = [];
  for (let left = Number(count); left > 0; left--) {
    const arg = fields.next();
    if (arg === undefined) return undefined;
    args.push(arg);
  }
  return { request: { reply, directory, program, args }, length: fields.length };
}

/** Fields that NUL ends, one after the other. */
class Fields {
  readonly #bytes: Buffer;
  /** The bytes of the fields so far. */
  length = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The next field; `undefined` when there is none that has its end. */
  next(): string | undefined {
    const end = this.#bytes.indexOf(0, this.length);
    if (end === -1) return undefined;
    const field = this.#bytes.toString('utf8', this.length, end);
    this.length = end + 1;
    return field;
  }
}

/** How many of the last bytes may be the beginning of a request. */
function cutRequest(bytes: Buffer): number {
  const start = bytes.lastIndexOf(mark);
  if (start !== -1 && bytes.length - start < longestRequest) return bytes.length - start;
  for (let length = Math.min(mark.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(mark.subarray(0, length))) return length;
  }
  return 0;
}
