import { read } from '../processes.ts';

/** A file that other processes append lines to. */
export class LineFile {
  readonly path: string;
  #text = '';
  #lines: readonly string[] = [];

  constructor(path: string) {
    this.path = path;
  }

  /** The complete lines so far. */
  get lines(): readonly string[] {
    const text = read(this.path);
    if (text.length !== this.#text.length) {
      this.#text = text;
      this.#lines = text.split('\n').slice(0, -1);
    }
    return this.#lines;
  }
}
