/*
 * A host that leads many lives of its tree, one after the other, each with a command of its own: for questions that are
 * asked so often that a container for each would take minutes. Its own exit code is 0 when each has come to its verdict.
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
