import { readdirSync } from 'node:fs';
import { read } from '../processes.ts';

/** The memory of processes in megabytes; shared memory counts once in all (PSS). */
export function memoryOf(pids: readonly number[]): number {
  return sum(pids, (pid) => fieldOf(`/proc/${String(pid)}/smaps_rollup`, 'Pss')) / 1024;
}

/** The CPU time of processes in milliseconds, all their threads together. */
export function cpuOf(pids: readonly number[]): number {
  return sum(tasksOf(pids), (task) => Number(read(`${task}/schedstat`).split(' ')[0])) / 1e6;
}

/** How often processes have gone to sleep and were woken, all their threads together. */
export function wakeUpsOf(pids: readonly number[]): number {
  return sum(tasksOf(pids), (task) => fieldOf(`${task}/status`, 'voluntary_ctxt_switches'));
}

function tasksOf(pids: readonly number[]): readonly string[] {
  return pids.flatMap((pid) => {
    const folder = `/proc/${String(pid)}/task`;
    return readdirSync(folder).map((task) => `${folder}/${task}`);
  });
}

function fieldOf(path: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(read(path))?.[1]);
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
