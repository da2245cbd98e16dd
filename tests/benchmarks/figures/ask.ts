import { s6 } from '../contenders/s6.ts';
import { stagekeeper } from '../contenders/guest.ts';
import type { Figure } from '../figure.ts';
import type { Script } from '../life.ts';
import { named, withLife } from '../life.ts';
import { alternate } from '../setting.ts';

/** How many requests a script makes in each run. */
const calls = 50;

/** A service that announces itself, makes its requests, and announces itself again, unless one fails. */
const asking: Script['services'] = (announce) =>
  named(1, () => ({
    run: [
      '#!/bin/sh',
      announce,
      'n=0',
      `while [ $n -lt ${String(calls)} ]; do`,
      '  s6-svstat -o up . >/dev/null || exec sleep 1000000',
      '  n=$((n + 1))',
      'done',
      announce,
      'exec sleep 1000000',
      '',
    ].join('\n'),
  }));

/** The cost of a request of a script to its supervisor: by a shim in sh under this library, by the program under s6. */
export const ask: Figure = {
  name: 'ask',
  work: `s6-svstat -o up from the script of a service, ${String(calls)} in each run: one call, answer included`,
  async measure({ contenders, workshop, runs }) {
    const answering = contenders.filter((one) => one === stagekeeper || one === s6);
    const reaches = await alternate(answering, runs, (contender) =>
      withLife(contender, workshop, { services: asking }, async ({ announcements }) => {
        const begun = await announcements.reached(1);
        const over = await announcements.reached(2);
        return { call: (over.at - begun.at) / calls };
      }),
    );
    return [
      {
        ...{ label: 'a call', unit: 'ms', samples: reaches.get('call') ?? {} },
        budget: { of: 'value', atMost: 10 },
      },
    ];
  },
};
