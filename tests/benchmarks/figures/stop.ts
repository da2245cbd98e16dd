import type { Figure } from '../figure.ts';
import { sleepingLives, stopping } from '../sleeping-lives.ts';

/** From the order to stop until nobody is left. */
export const stop: Figure = {
  name: 'stop',
  work: 'the order to stop, until all of 500 services are gone',
  async measure(setting) {
    const count = stopping(setting);
    const lives = await sleepingLives(setting, count);
    return [{ label: `stop of ${String(count)}`, unit: 'ms', samples: lives.get('stop') ?? {} }];
  },
};
