// A minimal supervisor without a library: spawns each service, and spawns it again on exit.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { host, order } from './host.ts';

const children = new Set<ChildProcess>();
let stopping = false;

function keep(folder: string): ChildProcess {
  const child = spawn('./run', { cwd: folder, stdio: 'ignore', detached: true });
  children.add(child);
  child.once('exit', () => {
    children.delete(child);
    if (!stopping) setTimeout(again, order.atOnce ? 0 : 1000, folder);
  });
  return child;
}

function again(folder: string): void {
  if (!stopping) keep(folder);
}

await host(
  async () => {
    const folders = order.services.map((name) => join(order.root, 'services.d', name));
    await Promise.all(folders.map((folder) => once(keep(folder), 'spawn')));
  },
  async () => {
    stopping = true;
    const exits = [...children].map((child) => once(child, 'exit'));
    for (const child of children) child.kill();
    await Promise.all(exits);
  },
);
