/** The bytes of a line after which it is cut into pieces, so that a program which never ends its line fills no memory. */
export const longestLine = 64 * 1024;

/**
 * Cuts a stream of bytes into lines and tells each as text.
 *
 * A line ends at its newline, which is not told; all else is kept, a carriage return too. A line longer than
 * `longestLine` comes in pieces, none of which splits a UTF-8 character.
 */
export class LineSplitter {
  readonly #tell: (line: string) => void;
  #started: Buffer[] = [];
  #length = 0;

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      this.#add(chunk.subarray(from, at));
      this.#flush();
      from = at + 1;
    }
    if (from < chunk.length) this.#add(chunk.subarray(from));
  }

  /** The stream has ended: what has no newline is a line as well. */
  end(): void {
    if (this.#length > 0) this.#flush();
  }

  #add(bytes: Buffer): void {
    let rest = bytes;
    while (this.#length + rest.length > longestLine) {
      const room = longestLine - this.#length;
      const whole = Buffer.concat([...this.#started, rest.subarray(0, room)]);
      const cut = lastBoundary(whole);
      this.#tell(whole.toString('utf8', 0, cut));
      this.#started = [whole.subarray(cut)];
      this.#length = whole.length - cut;
      rest = rest.subarray(room);
    }
    this.#started.push(rest);
    this.#length += rest.length;
  }

  #flush(): void {
    const [first] = this.#started;
    const line = first !== undefined && this.#started.length === 1 ? first : this.#joined();
    this.#started = [];
    this.#length = 0;
    this.#tell(line.toString('utf8'));
  }

  #joined(): Buffer {
    return Buffer.concat(this.#started, this.#length);
  }
}

const newline = 0x0a;

/** The longest UTF-8 character, in bytes. */
const longestCharacter = 4;

/** The last place at which a text can be cut without splitting a character; its end, if it is no UTF-8. */
function lastBoundary(text: Buffer): number {
  for (let back = 1; back < longestCharacter && back <= text.length; back++) {
    const byte = text[text.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? text.length - back : text.length;
  }
  return text.length;
}
