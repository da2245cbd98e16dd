import type { SupervisorOptions } from 'stagekeeper';

/** How the tree is supervised, in the pod and where its longest shutdown is found. */
export const policies = {
  onInitFailure: 'stop',
  timeouts: { init: 30_000 },
  services: {
    // Three deaths in a minute, and it has failed for good.
    cleaner: { backoff: { first: 500, limit: { deaths: 3, within: 60_000 } } },
  },
} satisfies SupervisorOptions;
