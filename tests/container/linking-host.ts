/*
 * A host that is PID 1 as `init.ts` is. After its life it writes which of the paths in `more` exist to the file `$WORK/left`.
 */
import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Supervisor } from '../../lib/index.ts';
import { readPlan, write } from './records.ts';

const plan = readPlan();
const supervisor = await Supervisor.load(plan.root, plan.options);
for (const problem of supervisor.problems) write(plan, 'warning', problem);
supervisor.on('event', (event) => {
  write(plan, 'event', event);
});
const life = supervisor.run(plan.run);
write(plan, 'running', true);
const verdict = await life;
write(plan, 'verdict', verdict);
const left = (plan.more as readonly string[]).filter(
  (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
);
writeFileSync(join(process.env['WORK'] ?? '', 'left'), left.join('\n'));
process.exitCode = verdict.exitCode;
