/** A line is cut into pieces of this many bytes, so that a program which never ends its line does not fill the memory. */
export const longestLine = 64 * 1024;

/**
 * Cuts a stream of bytes into lines, one at a time.
 *
 * A line ends at its newline, which is not part of it; everything else is kept, including a carriage return. A line longer
 * than `longestLine` is returned in pieces, none of which splits a UTF-8 character.
 */
export class LineSplitter {
  #chunk: Buffer = nothing;
  /** Where the next line begins or continues in the chunk. */
  #at = 0;
  /** Where it ends: at its newline, or at the end of the chunk. */
  #lineEnd = 0;
  /** The parts of a line that began in an earlier chunk. */
  #started: Buffer[] = [];
  #length = 0;

  /** Adds the next bytes of the stream. To be called once `next()` has returned `undefined`. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#findLineEnd();
  }

  /** The next line as text; `undefined` when a line needs more bytes. */
  next(): string | undefined {
    const room = longestLine - this.#length;
    if (this.#lineEnd - this.#at > room) return this.#cutPiece(room);
    if (this.#lineEnd === this.#chunk.length) return this.#keepRest();
    const line = this.#textUntil(this.#lineEnd);
    this.#at = this.#lineEnd + 1;
    this.#findLineEnd();
    return line;
  }

  /** Returns the rest of the stream, which has no newline, as a line; `undefined` when nothing is left. */
  end(): string | undefined {
    return this.#length > 0 ? this.#textUntil(this.#at) : undefined;
  }

  #findLineEnd(): void {
    const found = this.#chunk.indexOf(newline, this.#at);
    this.#lineEnd = found === -1 ? this.#chunk.length : found;
  }

  #textUntil(end: number): string {
    if (this.#length === 0) return this.#chunk.toString('utf8', this.#at, end);
    const line = Buffer.concat([...this.#started, this.#chunk.subarray(this.#at, end)]);
    this.#started = [];
    this.#length = 0;
    return line.toString('utf8');
  }

  #cutPiece(room: number): string {
    const until = this.#at + room;
    const whole = Buffer.concat([...this.#started, this.#chunk.subarray(this.#at, until)]);
    const cut = lastBoundary(whole);
    this.#at = until;
    this.#started = [whole.subarray(cut)];
    this.#length = whole.length - cut;
    return whole.toString('utf8', 0, cut);
  }

  #keepRest(): undefined {
    if (this.#at === this.#chunk.length) return;
    this.#started.push(this.#chunk.subarray(this.#at));
    this.#length += this.#chunk.length - this.#at;
    this.#at = this.#chunk.length;
  }
}

const nothing = Buffer.alloc(0);

const newline = 0x0a;

/** The longest UTF-8 character, in bytes. */
const longestCharacter = 4;

/** The last index at which a text can be cut without splitting a character; its end if the text is not UTF-8. */
function lastBoundary(text: Buffer): number {
  for (let back = 1; back < longestCharacter && back <= text.length; back++) {
    const byte = text[text.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? text.length - back : text.length;
  }
  return text.length;
}
