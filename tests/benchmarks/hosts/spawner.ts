// Exits with 0 if the spawner of this name works here.
import type { Spawner } from 'stagekeeper';
import { Supervisor } from 'stagekeeper';

const tree = { services: [{ name: 'probe', run: ['true'], restart: 'never' as const }] };
const spawner = process.argv[2] as string & Spawner;
await using supervisor = new Supervisor(tree, { spawner, output: 'ignore' });
await supervisor.start();
