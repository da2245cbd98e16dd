import { LineFile } from './line-file.ts';
import type { Records } from './records.ts';

/** The file that PID 1 writes its records to, for those who read it. */
export class RecordFile {
  readonly path: string;
  readonly #file: LineFile;
  readonly #records: Partial<Records>[] = [];

  constructor(path: string) {
    this.path = path;
    this.#file = new LineFile(path);
  }

  /** What the records of a kind say so far, in their order. */
  all<Kind extends keyof Records>(kind: Kind): readonly Records[Kind][] {
    for (const line of this.#file.lines.slice(this.#records.length)) {
      this.#records.push(JSON.parse(line) as Partial<Records>);
    }
    return this.#records.flatMap(({ [kind]: what }) => (what === undefined ? [] : [what]));
  }
}
