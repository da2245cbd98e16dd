/*
 * A host with children besides those of the supervisor, which compares the end of each with the expected one. It exits when
 * all of them and the tree have ended.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Supervisor } from '../../lib/index.ts';
import { readPlan, write, writeWhatIsLeft } from './records.ts';

/** How many children live at a time: enough to end beside the orphans, and few enough that the host's loop turns. */
const atATime = 4;

const plan = readPlan();
process.once('exit', () => {
  writeWhatIsLeft(plan);
});

const supervisor = await Supervisor.load(plan.root, plan.options);
supervisor.on('event', (event) => {
  write(plan, 'event', event);
});
const life = supervisor.run(plan.run);
write(plan, 'running', true);

const count = plan.more as number;
const wrong: string[] = [];
let spawned = 0;
let right = 0;
await Promise.all(Array.from({ length: atATime }, spawnChildren));
for (const line of wrong) print(line);
const verdict = await life;
write(plan, 'verdict', verdict);
process.exitCode = verdict.exitCode;

/** Spawns one child after the other until there were `count`. Every tenth is killed, and every second one has its own session. */
async function spawnChildren(): Promise<void> {
  while (spawned < count) {
    const number = (spawned += 1);
    // If each end spawned the next child at once, Node's loop would not turn as long as children end meanwhile.
    await turn();
    const isKilled = number % 10 === 0;
    const code = number % 256;
    const words = isKilled ? 'kill -KILL $$' : `exit ${String(code)}`;
    const child = spawn('sh', ['-c', words], { stdio: 'ignore', detached: number % 2 === 0 });
    const expected = isKilled ? 'null SIGKILL' : `${String(code)} null`;
    const seen = await endOf(child);
    if (seen !== expected) wrong.push(`child ${String(number)}: ${seen} instead of ${expected}`);
    else if ((right += 1) % 50 === 0) print(`${String(right)} children ended as expected`);
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return `${String(code)} ${String(signal)}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
