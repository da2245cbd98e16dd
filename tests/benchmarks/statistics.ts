/** The values of several runs of the same work, in short. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The median and the extremes of some values; NaN where there are none. */
export function summaryOf(values: readonly number[]): Summary {
  const sorted = ascending(values);
  return { median: quantile(sorted, 0.5), least: sorted[0] ?? NaN, most: sorted.at(-1) ?? NaN };
}

/** The value in the middle; of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(ascending(values), 0.5);
}

/** The value that a share of all values does not exceed, by the nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = ascending(values);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

function ascending(values: readonly number[]): readonly number[] {
  return values.toSorted((one, other) => one - other);
}
