import type { SupervisorOptions } from 'stagekeeper';

/** The options of the supervisor, in the image and in its tests. */
export const policies: SupervisorOptions = {
  onInitFailure: 'stop',
  services: {
    database: {
      essential: true,
      backoff: { first: 1000, limit: { deaths: 3, within: 60_000 } },
    },
  },
};
