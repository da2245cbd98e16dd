// Boots a tree in the s6-overlay model and prints every event: `npm start`.
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { InterruptedError, Supervisor } from 'stagekeeper';
import { teller } from './teller.ts';

// A folder for the rule in fix-attrs.d.
const folder = await mkdtemp(join(tmpdir(), 'stagekeeper-boot-a-tree-'));
await mkdir(join(folder, 'spool'));
await writeFile(join(folder, 'spool', 'letter'), 'hello\n', { mode: 0o600 });

const supervisor = await Supervisor.load(new URL('tree', import.meta.url), { output: 'lines' });
supervisor.on('event', teller(process.stdout));

// The whole life. Ctrl-C stops it earlier, in order: the supervisor handles signals while it runs.
const life = supervisor.run({ signals: true });

try {
  const service2 = supervisor.service('service2');
  await service2.when('up');
  await pause(1500);
  service2.signal('SIGKILL'); // restarts after its finish script and s6's pause of one second
  await service2.when('finishing');
  await service2.when('up');
  await pause(1000);
  console.log(supervisor);
  await supervisor.stop();
} catch (error) {
  if (!(error instanceof InterruptedError)) throw error; // Ctrl-C stopped the tree first
}

const verdict = await life;
console.log('verdict', verdict);
process.exitCode = verdict.exitCode;
await rm(folder, { recursive: true });
