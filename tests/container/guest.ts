/*
 * A host that starts and stops a tree beside other things of its own, though it is PID 1: a TERM stops the tree.
 */
import { once } from 'node:events';
import { Supervisor } from '../../lib/index.ts';
import { readPlan, write, writeWhatIsLeft } from './records.ts';

const plan = readPlan();
process.once('exit', () => {
  writeWhatIsLeft(plan);
});
const supervisor = await Supervisor.load(plan.root, plan.options);
const asked = once(process, 'SIGTERM');
write(plan, 'running', true);
await supervisor.start();
const idle = setInterval(() => undefined, 1000);
await asked;
write(plan, 'verdict', await supervisor.stop());
clearInterval(idle);
