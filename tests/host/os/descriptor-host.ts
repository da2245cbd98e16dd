/*
 * A Worker that supervises services with lines of output and readiness, twice, and then waits until it is told to end. It
 * prints each warning of its thread.
 */
/* oxlint-disable unicorn/require-post-message-target-origin -- the ports of threads have no origin */
import { parentPort } from 'node:worker_threads';
import { Supervisor } from '../../../lib/index.ts';

process.on('warning', ({ message }) => parentPort?.postMessage(message));

const services = Array.from({ length: 5 }, (_, index) => ({
  name: `web-${String(index)}`,
  run: ['sh', '-c', 'echo up; echo >&3; exec sleep 600'],
  notificationFd: 3,
}));

for (let life = 0; life < 2; life++) {
  const supervisor = new Supervisor({ services }, { output: 'lines' });
  await supervisor.start();
  for (const { name } of services) await supervisor.service(name).restart();
  await supervisor.stop();
}
parentPort?.once('message', () => parentPort?.close());
parentPort?.postMessage('done');
