import { LineFile } from './line-file.ts';
import type { Records } from './records.ts';

/** Reads the file that PID 1 writes its records to. */
export class RecordFile {
  readonly path: string;
  readonly #file: LineFile;
  readonly #records: Partial<Records>[] = [];

  constructor(path: string) {
    this.path = path;
    this.#file = new LineFile(path);
  }

  /** The records of a kind so far, in their order. */
  all<Kind extends keyof Records>(kind: Kind): readonly Records[Kind][] {
    for (const line of this.#file.lines.slice(this.#records.length)) {
      this.#records.push(JSON.parse(line) as Partial<Records>);
    }
    return this.#records.flatMap(({ [kind]: what }) => (what === undefined ? [] : [what]));
  }
}
