import type { Setting } from './setting.ts';
import type { Series } from './series.ts';

/** Something that is measured, of us and of the peers. */
export interface Figure {
  /** What `npm run bench NAME` calls it. */
  readonly name: string;
  /** What is done, in a sentence. */
  readonly work: string;
  /** Does the work, so often that the medians mean something. */
  measure(setting: Setting): Promise<readonly Series[]>;
}

/** What came of a figure. */
export interface Measured {
  readonly figure: string;
  readonly work: string;
  /** How long it took, in seconds. */
  readonly took: number;
  readonly series: readonly Series[];
}
