/*
 * Removes a given runtime directory while this process can open no file, then uses it again. Prints what it was told and what is
 * left each time. To be run with a low limit of open files.
 */
import { closeSync, openSync, readdirSync } from 'node:fs';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';

const [, , folder = ''] = process.argv;
const held: number[] = [];

function fillTable(): void {
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch {
    // No descriptor is left.
  }
}

const first = new RuntimeDirectory(folder);
first.makeFolder('bin');
fillTable();
const problems = first.remove().map(({ message }) => message);
for (const descriptor of held) closeSync(descriptor);
const left = readdirSync(folder).toSorted();
const next = new RuntimeDirectory(folder);
next.makeFolder('bin');
next.remove();
process.stdout.write(JSON.stringify({ problems, left, finally: readdirSync(folder) }));
