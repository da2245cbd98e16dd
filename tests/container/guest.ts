/*
 * A host that uses start() and stop() instead of run(), although it is PID 1. TERM stops the tree.
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
