import { requestMark } from '../shims/request.ts';
import type { ProgramCall } from '../../model/call.ts';

/** A request, with the name of the FIFO for the answer. */
export interface ControlRequest extends ProgramCall {
  readonly reply: string;
}

/** The bytes that the kernel writes to a FIFO in one piece (Linux: PIPE_BUF). Longer requests are not valid. */
export const longestRequest = 4096;

/** The result of parsing the bytes of one read. */
export interface Parsed {
  readonly requests: readonly ControlRequest[];
  /** The number of bytes that belong to no request. */
  readonly dropped: number;
}

const mark = Buffer.from(`${requestMark}\0`);

/**
 * Finds the requests in the bytes from the control FIFO, and drops all other bytes. Its cost is linear in the number of bytes.
 *
 * A request is a sequence of fields, each ended by NUL: the mark, the name of the FIFO for the answer (digits), the working
 * directory, the program, the number of arguments, the arguments. A request begins at each mark; an incomplete request before the
 * next mark is dropped.
 */
export class RequestParser {
  /** The beginning of a request that the end of the latest read has cut. */
  #tail = Buffer.alloc(0);

  /**
   * Parses the bytes of one read.
   *
   * @param mayBeCut - Whether the read has filled its buffer, so that the rest of a request may follow. A request is written in one
   * piece, so an incomplete one is invalid otherwise.
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

/** Parses the request at the beginning of these bytes; `undefined` if it is incomplete or invalid. */
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

/** Reads the fields of a request, each ended by NUL. */
class Fields {
  readonly #bytes: Buffer;
  /** The number of bytes of the fields so far. */
  length = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The next field; `undefined` when there is no complete one. */
  next(): string | undefined {
    const end = this.#bytes.indexOf(0, this.length);
    if (end === -1) return undefined;
    const field = this.#bytes.toString('utf8', this.length, end);
    this.length = end + 1;
    return field;
  }
}

/** The number of bytes at the end that may be the beginning of a request. */
function cutRequest(bytes: Buffer): number {
  const start = bytes.lastIndexOf(mark);
  if (start !== -1 && bytes.length - start < longestRequest) return bytes.length - start;
  for (let length = Math.min(mark.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(mark.subarray(0, length))) return length;
  }
  return 0;
}
