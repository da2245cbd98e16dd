import type { Setting } from './setting.ts';
import type { Series } from './series.ts';

/** A thing that is measured, of this library and of its peers. */
export interface Figure {
  /** Its name in `npm run bench NAME`. */
  readonly name: string;
  /** The work that is done, in a sentence. */
  readonly work: string;
  /** Does the work, as often as the setting says. */
  measure(setting: Setting): Promise<readonly Series[]>;
}

/** The measured values of a figure. */
export interface Measured {
  readonly figure: string;
  readonly work: string;
  /** How long it took, in seconds. */
  readonly took: number;
  readonly series: readonly Series[];
}
