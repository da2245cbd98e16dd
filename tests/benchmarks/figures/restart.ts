import type { Figure } from '../figure.ts';
import { kills, servicesInRestart, sleepingLives } from '../sleeping-lives.ts';

/** The time from a death to the next run. */
export const restart: Figure = {
  name: 'restart',
  work: `kill -9 of one of ${String(servicesInRestart)} services to the first line of its next run, ${String(kills)} in each run; without the restart delay of a second`,
  async measure(setting) {
    const lives = await sleepingLives(setting, Math.min(servicesInRestart, setting.most));
    return [
      {
        ...{ label: 'kill -9 to next run', unit: 'ms', samples: lives.get('restart') ?? {} },
        budget: { of: 'ratio', to: 's6', atMost: 1.5 },
        nativeBudget: { of: 'ratio', to: 'C', atMost: 1.3 },
      },
      { label: 'the same, p99', unit: 'ms', samples: lives.get('restartP99') ?? {} },
    ];
  },
};
