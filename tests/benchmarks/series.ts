import { median, summaryOf } from './statistics.ts';
import type { Summary } from './statistics.ts';

/** One thing that was measured of several contenders, in turns. */
export interface Series {
  /** What was measured: `start of 100, warm`. */
  readonly label: string;
  readonly unit: string;
  /** What each contender reached, run by run, by its name. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** What ours are to reach. Without one, the series is for information. */
  readonly budget?: Budget;
  /** What ours is to reach with its native spawner. Default: the same. */
  readonly nativeBudget?: Budget;
}

/** A goal: a limit to ours, or to how ours compares with another contender's in the same run. */
export interface Budget {
  /** Whether the limit holds for our value, its ratio to the other's, or its difference from it. */
  readonly of: 'value' | 'ratio' | 'difference';
  /** The contender that ours is compared with. */
  readonly to?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** What came of a contender in a series. */
export interface Result extends Summary {
  readonly contender: string;
  readonly samples: readonly number[];
  /** Its median over the median of the peer that stands for the measure (s6 where it takes part); absent without one. */
  readonly ratio?: number;
  /** How it stands to its budget; absent where it has none, or that cannot be judged. */
  readonly verdict?: Verdict;
}

/** How a contender of ours stands to its budget. */
export interface Verdict {
  readonly budget: Budget;
  /** What the budget limits. */
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

/** Whether a contender of ours keeps its budget; undefined where there is nothing to judge. */
export function verdictOn(contender: string, series: Series): Verdict | undefined {
  const budget = budgetsOf(series)[contender];
  if (budget === undefined) return undefined;
  const { samples } = series;
  const reached = valueFor(budget, samples[contender] ?? [], samples[budget.to ?? ''] ?? []);
  if (Number.isNaN(reached)) return undefined;
  const met = reached <= (budget.atMost ?? Infinity) && reached >= (budget.atLeast ?? -Infinity);
  return { budget, reached, met };
}

/** Whose budgets they are. */
function budgetsOf({ budget, nativeBudget = budget }: Series): Record<string, Budget | undefined> {
  return { stagekeeper: budget, 'stagekeeper (native)': nativeBudget };
}

/** A budget in words: `at most 1.2 × s6`. */
export function inWords({ of, to = '', atMost, atLeast }: Budget, unit: string): string {
  const bound = atMost === undefined ? `at least ${String(atLeast)}` : `at most ${String(atMost)}`;
  if (of === 'value') return `${bound} ${unit}`;
  return of === 'ratio' ? `${bound} × ${to}` : `${bound} ${unit} over ${to}`;
}

/** The samples that ratios are to: those that the budget names, else s6's, else the naive supervisor's. */
function measureOf({ budget, samples }: Series): readonly number[] | undefined {
  return samples[budget?.to ?? 's6'] ?? samples['s6'] ?? samples['naive'];
}

function valueFor({ of }: Budget, own: readonly number[], other: readonly number[]): number {
  if (of === 'value') return median(own);
  return of === 'ratio' ? median(own) / median(other) : median(own) - median(other);
}
