/*
 * A host at a terminal: it runs its arguments as its command, handles signals, and prints its verdict.
 */
import { Supervisor } from '../../../lib/index.ts';
import { childrenOf } from '../../processes.ts';

const supervisor = new Supervisor({ services: [{ name: 'web', run: ['sleep', '600'] }] });
const { reason, exitCode } = await supervisor.run({
  command: process.argv.slice(2),
  signals: true,
});
const left = childrenOf(process.pid).length;
process.stdout.write(`verdict: ${reason} ${String(exitCode)}, ${String(left)} left\n`);
