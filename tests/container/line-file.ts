import { read } from '../processes.ts';

/** A file that others append lines to. */
export class LineFile {
  readonly path: string;
  #text = '';
  #lines: readonly string[] = [];

  constructor(path: string) {
    this.path = path;
  }

  /** The lines so far; one without its newline is not there yet. */
  get lines(): readonly string[] {
    const text = read(this.path);
    if (text.length !== this.#text.length) {
      this.#text = text;
      this.#lines = text.split('\n').slice(0, -1);
    }
    return this.#lines;
  }
}
