/**
 * A reason to skip a test, where what it needs may be missing: on anybody's machine, but not in CI, where it must be there. There
 * the test runs, and fails of what is missing.
 */
export function unlessInCI(
  reason: string | false,
  inCI = process.env['CI'] === 'true',
): string | false {
  return inCI ? false : reason;
}
