/*
 * Runs examples/container-init/init.ts as PID 1 of a container of these tests: passes it its tree and its command, as an image
 * does, and records the processes that are left when it exits.
 */
import { readPlan, write, writeWhatIsLeft } from './records.ts';

const plan = readPlan();
process.once('exit', () => {
  writeWhatIsLeft(plan);
});
process.argv.splice(2, Infinity, ...(plan.run.command ?? []));
process.env['ROOT'] = plan.root;

write(plan, 'running', true);
await import('../../examples/container-init/init.ts');
