/*
 * The program that is PID 1 of a container: a short host, as the author of an image would write it, which also writes records.
 */
import { Supervisor } from '../../lib/index.ts';
import { readPlan, write, writeWhatIsLeft } from './records.ts';

const plan = readPlan();
process.once('exit', () => {
  writeWhatIsLeft(plan);
});

try {
  const supervisor = await Supervisor.load(plan.root, plan.options);
  for (const problem of supervisor.problems) write(plan, 'warning', problem);
  supervisor.on('event', (event) => {
    write(plan, 'event', event);
  });
  const life = supervisor.run(plan.run);
  write(plan, 'running', true);
  const verdict = await life;
  write(plan, 'verdict', verdict);
  process.exitCode = verdict.exitCode;
} catch (error) {
  write(plan, 'failure', error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 70;
}
