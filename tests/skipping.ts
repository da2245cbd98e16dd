/**
 * The reason to skip a test that needs something which this machine may lack. In CI the test is not skipped: what it needs must
 * be there, and the test fails without it.
 */
export function unlessInCI(
  reason: string | false,
  inCI = process.env['CI'] === 'true',
): string | false {
  return inCI ? false : reason;
}
