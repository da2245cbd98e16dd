import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from '../processes.ts';
import { Announcements, now } from './announcements.ts';
import type { Contender, Life, ServiceFiles, Stand } from './contenders/contender.ts';
import type { Workshop } from './workshop.ts';

/** A running contender, as seen from outside. */
export interface Lived {
  readonly life: Life;
  readonly announcements: Announcements;
  /** When its process was started, in milliseconds of the machine's clock. */
  readonly born: number;
}

/** The input of a run of a contender. */
export interface Script extends Omit<Stand, 'workshop' | 'folder' | 'services'> {
  /** Makes the services from the line by which a script announces that it runs. */
  readonly services: (announce: string) => readonly ServiceFiles[];
}

/** The scripts of so many services that only sleep. */
export function sleepers(count: number): Script['services'] {
  return (announce) =>
    named(count, () => ({ run: `#!/bin/sh\n${announce}\nexec sleep 1000000\n` }));
}

/** So many services, named by their numbers. */
export function named(
  count: number,
  files: (index: number) => Omit<ServiceFiles, 'name'>,
): readonly ServiceFiles[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `s${String(index)}`,
    ...files(index),
  }));
}

/**
 * Starts a contender, does the work with it, and kills every process of the workshop: an orderly stop can take longer than the
 * work itself, so only the figure that measures it requests one. Nothing is left.
 */
export async function withLife<T>(
  contender: Contender,
  workshop: Workshop,
  script: Script,
  work: (lived: Lived) => Promise<T>,
): Promise<T> {
  const room = workshop.stand();
  const announcements = await Announcements.open(room);
  let gone: Promise<unknown> | undefined;
  try {
    const services = script.services(announcements.line);
    const folder = join(room, 'tree');
    mkdirSync(folder);
    const prepared = await contender.prepare({ ...script, workshop, folder, services });
    const born = now();
    const life = await prepared.start();
    gone = life.gone;
    return await work({ life, announcements, born });
  } finally {
    workshop.sweep();
    await gone;
    announcements.close();
    // A killed process may still be writing.
    rmSync(room, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Stops a contender; returns the milliseconds until none of these processes lives. */
export async function endOf({ life }: Lived, pids: readonly number[]): Promise<number> {
  const start = now();
  const asked = life.end();
  for (const pid of pids) while (isAlive(pid)) await pause(1);
  const took = now() - start;
  await asked;
  await life.gone;
  return took;
}
