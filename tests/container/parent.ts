/*
 * A host that has children of its own beside the supervisor's, and compares how each has ended with how it should. It ends
 * when all of them and the life of its tree have ended.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Supervisor } from '../../lib/index.ts';
import { readPlan, write, writeWhatIsLeft } from './records.ts';

/** How many of them live at a time: enough to meet the orphans, and few enough that the host has time for other things. */
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
let begun = 0;
let right = 0;
await Promise.all(Array.from({ length: atATime }, haveChildren));
for (const line of wrong) say(line);
const verdict = await life;
write(plan, 'verdict', verdict);
process.exitCode = verdict.exitCode;

/** Has one child after the other, as long as some are to come. Every tenth is killed, and every other one has a session of its own. */
async function haveChildren(): Promise<void> {
  while (begun < count) {
    const number = (begun += 1);
    // Where each end begins another child at once, Node turns no round of its loop as long as others end meanwhile.
    await turn();
    const isKilled = number % 10 === 0;
    const code = number % 256;
    const words = isKilled ? 'kill -KILL $$' : `exit ${String(code)}`;
    const child = spawn('sh', ['-c', words], { stdio: 'ignore', detached: number % 2 === 0 });
    const expected = isKilled ? 'null SIGKILL' : `${String(code)} null`;
    const seen = await endOf(child);
    if (seen !== expected) wrong.push(`child ${String(number)}: ${seen} instead of ${expected}`);
    else if ((right += 1) % 50 === 0) say(`${String(right)} children have told their codes`);
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return `${String(code)} ${String(signal)}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
