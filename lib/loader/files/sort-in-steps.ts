/** The most names that are handled in one step. */
export const namesInStep = 1000;

/** Sorts names by their bytes, in steps: it yields after at most `namesInStep` names. Merge sort. */
export function* sortInSteps(
  parts: readonly (readonly Buffer[])[],
): Generator<undefined, readonly Buffer[], undefined> {
  let runs: (readonly Buffer[])[] = [];
  for (const part of parts) {
    runs.push(part.toSorted((one, other) => one.compare(other)));
    yield;
  }
  while (runs.length > 1) {
    const merged: (readonly Buffer[])[] = [];
    for (let index = 0; index < runs.length; index += 2)
      merged.push(yield* merge(runs[index] ?? [], runs[index + 1] ?? []));
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge(
  ones: readonly Buffer[],
  others: readonly Buffer[],
): Generator<undefined, readonly Buffer[], undefined> {
  const merged: Buffer[] = [];
  let [taken, takenOfOthers] = [0, 0];
  for (;;) {
    const [one, other] = [ones[taken], others[takenOfOthers]];
    if (one !== undefined && (other === undefined || one.compare(other) <= 0)) {
      merged.push(one);
      taken += 1;
    } else if (other === undefined) return merged;
    else {
      merged.push(other);
      takenOfOthers += 1;
    }
    if (merged.length % namesInStep === 0) yield;
  }
}
