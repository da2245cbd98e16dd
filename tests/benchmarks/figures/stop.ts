import type { Figure } from '../figure.ts';
import { sleepingLives, stopping } from '../sleeping-lives.ts';

/** The time of a stop until all services have exited. */
export const stop: Figure = {
  name: 'stop',
  work: 'the request to stop, until all of 500 services have exited',
  async measure(setting) {
    const count = stopping(setting);
    const lives = await sleepingLives(setting, count);
    return [{ label: `stop of ${String(count)}`, unit: 'ms', samples: lives.get('stop') ?? {} }];
  },
};
