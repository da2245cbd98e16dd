/** The longest name that a near one is looked for, which takes time with its length. */
const longestName = 255;

/** The known name that is nearest to a mistyped one; `undefined` when none is near, or when it is longer than any name. */
export function nearest(name: unknown, known: readonly string[]): string | undefined {
  // JavaScript may give anything.
  if (typeof name !== 'string' || name.length > longestName) return undefined;
  const limit = Math.max(1, Math.floor(name.length / 3));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of known) {
    if (Math.abs(name.length - candidate.length) >= least) continue;
    const apart = distance(name.toLowerCase(), candidate.toLowerCase());
    const hasAnythingInCommon = apart < Math.max(name.length, candidate.length);
    if (apart < least && hasAnythingInCommon) [best, least] = [candidate, apart];
  }
  return best;
}

/** How many letters must be added, removed, changed or swapped to turn one word into the other. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped =
        row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}

/** The question that ends a message about a wrong value, with a blank before it; empty when no value is near. */
export function didYouMean(guess: string | undefined): string {
  return guess === undefined ? '' : ` Did you mean '${guess}'?`;
}
