import type { SupervisorOptions } from 'stagekeeper';

/** The options of the supervisor, in the pod and for explore(). */
export const policies = {
  onInitFailure: 'stop',
  timeouts: { init: 30_000 },
  services: {
    // The third death in a minute makes it fail for good.
    cleaner: { backoff: { first: 500, limit: { deaths: 3, within: 60_000 } } },
  },
} satisfies SupervisorOptions;
