/*
 * Lets examples/container-init/init.ts be PID 1 of a container of these tests: hands it its tree and its command, as an image
 * does, and writes down what is left when it is through.
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
