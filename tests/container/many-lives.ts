/*
 * A host that runs its tree once for each command, one after the other: for cases so numerous that a container for each would
 * take minutes. It exits with 0 when each run has its verdict.
 */
import { Supervisor } from '../../lib/index.ts';
import { readPlan, write, writeWhatIsLeft } from './records.ts';

const plan = readPlan();
process.once('exit', () => {
  writeWhatIsLeft(plan);
});
write(plan, 'running', true);

for (const command of plan.more as readonly (readonly string[])[]) {
  const supervisor = await Supervisor.load(plan.root, plan.options);
  write(plan, 'verdict', await supervisor.run({ ...plan.run, command }));
}
