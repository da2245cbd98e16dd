import { StringDecoder } from 'node:string_decoder';

/** The longest line that is told in one piece, in characters; a longer one comes in pieces. */
export const longestLine = 65_536;

/** Cuts a stream of bytes into lines. */
export class LineCutter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #tell: (line: string) => void;
  #rest = '';

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  /** Takes the next bytes, and tells the lines that are complete with them. */
  push(chunk: Buffer): void {
    const pieces = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = pieces.pop() ?? '';
    for (const piece of pieces) this.#tellPieces(piece);
    while (this.#rest.length > longestLine) {
      this.#tell(this.#rest.slice(0, longestLine));
      this.#rest = this.#rest.slice(longestLine);
    }
  }

  /** No more bytes come: a last line without its newline is told. */
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (rest !== '') this.#tellPieces(rest);
  }

  #tellPieces(line: string): void {
    for (let start = 0; start < line.length || start === 0; start += longestLine) {
      this.#tell(line.slice(start, start + longestLine));
    }
  }
}
