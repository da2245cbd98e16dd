/** Why root cannot run a test of what other accounts may not do. `.ci/run` runs these tests as another account, too. */
export const rootMayDoEverything = 'root may do everything';

/** The start of each reason to skip a test that needs root. `.ci/run` runs these tests as root. */
export const onlyRootCan = 'only root can';

/** The reasons that hold in CI, too: the other account runs the test, or no installation can add what it needs. */
const goodInCI = [
  new RegExp(`^${rootMayDoEverything}$`),
  new RegExp(`^${onlyRootCan} `),
  /^no more than \d+ open files$/,
  /^this kernel has no /,
  /^process 1 needs no guard$/,
];

/** Whether a test may be skipped in CI because of this. */
export function isGoodInCI(reason: string): boolean {
  return goodInCI.some((each) => each.test(reason));
}

/**
 * The reason to skip a test that needs something which this machine may lack. Every such reason goes through this function.
 *
 * @throws Error in CI, so that the test fails there: what it needs must be there.
 */
export function unlessInCI(
  reason: string | false,
  inCI = process.env['CI'] === 'true',
): string | false {
  if (reason === false || !inCI || isGoodInCI(reason)) return reason;
  throw new Error(`In CI no test may be skipped because of this: ${reason}`);
}
