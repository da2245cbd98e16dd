import type { Figure } from '../figure.ts';
import { numbersFrom } from '../numbers.ts';
import { alternate } from '../setting.ts';

/** The cost of a unit test of a whole tree. */
export const testKit: Figure = {
  name: 'test-kit',
  work: 'a life of 10 services, 100 crashes, an hour of virtual time, from reading the tree to the end of all',
  async measure({ workshop, runs }) {
    const reaches = await alternate([{ name: 'stagekeeper' }], runs, async () => {
      const [life = NaN] = await numbersFrom(workshop, 'test-kit');
      return { life };
    });
    const samples = reaches.get('life') ?? {};
    return [{ label: 'life', unit: 'ms', samples, budget: { of: 'value', atMost: 20 } }];
  },
};
