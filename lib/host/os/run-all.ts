/** Calls the functions in order, even if one of them fails, and then rejects with the first failure. */
export async function runAll(
  acts: readonly (() => Promise<void> | void | undefined)[],
): Promise<void> {
  const failures: unknown[] = [];
  for (const act of acts) {
    try {
      await act();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
