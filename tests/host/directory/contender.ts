/*
 * A program that tries to take a directory at the moment that is written in a file, says whether it has it, and lets go of it at
 * the moment that is written in another file; round after round, until its input ends.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { RuntimeDirectoryError } from '../../../lib/errors.ts';
import { Mark } from '../../../lib/host/directory/mark.ts';

const [, , folder = '', gate = ''] = process.argv;
const over = new AbortController();
process.stdin.resume().once('end', () => {
  over.abort();
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Waits for a file, and then for the moment that is written in it; `false` when the input ends first. */
async function waitFor(path: string): Promise<boolean> {
  let moment = 0;
  while (moment === 0 && !over.signal.aborted) {
    moment = Number(textOf(path));
    if (moment === 0) await pause(2);
  }
  while (Date.now() < moment);
  return moment !== 0;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

say('ready');
for (let round = 1; ; round += 1) {
  if (!(await waitFor(`${gate}-${String(round)}`))) break;
  const mark = new Mark(folder);
  try {
    mark.take();
    say('has it');
    await waitFor(`${gate}-${String(round)}-release`);
    mark.release();
  } catch (error) {
    say(error instanceof RuntimeDirectoryError ? error.reason : String(error));
  }
}
