import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeServices } from '../contenders/folders.ts';
import type { Figure } from '../figure.ts';
import { named } from '../life.ts';
import { numbersFrom } from '../numbers.ts';
import type { Series } from '../series.ts';
import { alternate } from '../setting.ts';
import { countsIn } from '../sleeping-lives.ts';

/** One of so many services has an error. */
const sound = 10;

/** Reading a tree. */
export const load: Figure = {
  name: 'load',
  work: '1, 100 and 1000 services (run, log/run, control files; every tenth wrong) read, validated, problems listed',
  async measure(setting) {
    const series: Series[] = [];
    for (const count of countsIn(setting, [1, 100, 1000])) {
      const root = setting.workshop.stand();
      writeTree(root, count);
      const reaches = await alternate([{ name: 'stagekeeper' }], setting.runs, async () => {
        const [time = NaN, problems = NaN] = await numbersFrom(setting.workshop, 'load', root);
        assert.equal(problems, Math.ceil(count / sound), 'every wrong service is reported');
        return { time };
      });
      const label = `load of ${String(count)}`;
      const samples = reaches.get('time') ?? {};
      const budget = { of: 'value', atMost: 300 } as const;
      series.push({ label, unit: 'ms', samples, ...(count === 1000 && { budget }) });
    }
    return series;
  },
};

function writeTree(root: string, count: number): void {
  const folder = join(root, 'services.d');
  const run = '#!/bin/sh\nexec sleep 1000000\n';
  const services = named(count, () => ({ run, log: run }));
  writeServices(folder, services);
  for (const [index, { name }] of services.entries()) {
    writeFileSync(join(folder, name, 'notification-fd'), '3\n');
    writeFileSync(join(folder, name, 'timeout-kill'), index % sound === 0 ? 'soon\n' : '5000\n');
  }
}
