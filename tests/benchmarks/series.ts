import { median, summaryOf } from './statistics.ts';
import type { Summary } from './statistics.ts';

/** One quantity, measured of several contenders in turns. */
export interface Series {
  /** The quantity: `start of 100, warm`. */
  readonly label: string;
  readonly unit: string;
  /** The values of each contender, by its name, one for each run. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** The budget of this library. Without one, the series is for information. */
  readonly budget?: Budget;
  /** The budget of this library with its native spawner. Default: `budget`. */
  readonly nativeBudget?: Budget;
}

/** A limit for the value of this library, or for its comparison with another contender in the same run. */
export interface Budget {
  /** Whether the limit holds for the value, for its ratio to the other's value, or for its difference from that. */
  readonly of: 'value' | 'ratio' | 'difference';
  /** The contender that this library is compared with. */
  readonly to?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** The result of a contender in a series. */
export interface Result extends Summary {
  readonly contender: string;
  readonly samples: readonly number[];
  /** Its median divided by the median of the reference (s6 where it takes part); absent without one. */
  readonly ratio?: number;
  /** Whether it keeps its budget; absent where it has none, or where a value is missing. */
  readonly verdict?: Verdict;
}

/** Whether this library keeps a budget. */
export interface Verdict {
  readonly budget: Budget;
  /** The value that the budget limits. */
  readonly reached: number;
  readonly met: boolean;
}

/** The results of a series, in the order of its contenders. */
export function resultsOf(series: Series): readonly Result[] {
  const other = measureOf(series);
  return Object.entries(series.samples).map(([contender, samples]) => {
    const ratio =
      other === undefined || other.length === 0 ? undefined : median(samples) / median(other);
    const verdict = verdictOn(contender, series);
    return {
      ...{ contender, samples, ...summaryOf(samples) },
      ...(ratio !== undefined && Number.isFinite(ratio) && { ratio }),
      ...(verdict !== undefined && { verdict }),
    };
  });
}

/** Whether a contender keeps its budget; undefined where it has none, or where a value is missing. */
export function verdictOn(contender: string, series: Series): Verdict | undefined {
  const budget = budgetsOf(series)[contender];
  if (budget === undefined) return undefined;
  const { samples } = series;
  const reached = valueFor(budget, samples[contender] ?? [], samples[budget.to ?? ''] ?? []);
  if (Number.isNaN(reached)) return undefined;
  const met = reached <= (budget.atMost ?? Infinity) && reached >= (budget.atLeast ?? -Infinity);
  return { budget, reached, met };
}

/** The budgets of a series by contender. */
function budgetsOf({ budget, nativeBudget = budget }: Series): Record<string, Budget | undefined> {
  return { stagekeeper: budget, 'stagekeeper (native)': nativeBudget };
}

/** A budget in words: `at most 1.2 × s6`. */
export function inWords({ of, to = '', atMost, atLeast }: Budget, unit: string): string {
  const bound = atMost === undefined ? `at least ${String(atLeast)}` : `at most ${String(atMost)}`;
  if (of === 'value') return `${bound} ${unit}`;
  return of === 'ratio' ? `${bound} × ${to}` : `${bound} ${unit} over ${to}`;
}

/** The samples of the reference: those of the contender in the budget, else of s6, else of the naive supervisor. */
function measureOf({ budget, samples }: Series): readonly number[] | undefined {
  return samples[budget?.to ?? 's6'] ?? samples['s6'] ?? samples['naive'];
}

function valueFor({ of }: Budget, own: readonly number[], other: readonly number[]): number {
  if (of === 'value') return median(own);
  return of === 'ratio' ? median(own) / median(other) : median(own) - median(other);
}
