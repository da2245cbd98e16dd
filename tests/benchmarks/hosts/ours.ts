import type { Spawner } from 'stagekeeper';
import { Supervisor } from 'stagekeeper';
import { host, order } from './host.ts';

const { root, services, atOnce, spawner } = order;
const backoff = { first: 0, cap: 0 };
const supervisor = await Supervisor.load(root, {
  output: 'ignore',
  // No time limit: a start is over when all services run, also on a slow machine.
  timeouts: { readiness: 0 },
  ...(atOnce && { services: Object.fromEntries(services.map((name) => [name, { backoff }])) }),
  // Older versions have no spawner names.
  ...(spawner !== undefined && { spawner: spawner as string & Spawner }),
});
await host(
  async () => {
    await supervisor.start();
  },
  async () => void (await supervisor.stop()),
);
