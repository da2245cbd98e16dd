import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SupervisorOptions } from '../../lib/index.ts';
import { writeTree } from '../../lib/testing/index.ts';
import { isAtRest, livingWithEntry, read, until } from '../processes.ts';
import type { Case, Standing, Step } from './case.ts';

/** A supervisor of a tree: s6, or this library. */
export interface Driver {
  readonly name: string;
  /** Starts the tree of a folder, with its services under `services.d`. */
  start(
    root: string,
    variables: Readonly<Record<string, string>>,
    options: SupervisorOptions,
  ): Promise<Driven>;
}

/** A running tree. */
export interface Driven {
  /** Gives commands to a service in one call. */
  command(service: string, letters: string): Promise<void>;
  /** The standing of a service; `undefined` while it is not known. */
  standing(service: string): Standing | undefined;
  /** The pid of a service's `run`, if it runs. */
  pid(service: string): number | undefined;
  rescan(): Promise<void>;
  /** Stops everything, once for any number of calls; resolves when it has ended. */
  stop(): Promise<void>;
}

const words = fileURLToPath(new URL('words.sh', import.meta.url));

/** Milliseconds until an expected event: enough for a busy machine, and for the longest delay of s6. */
const patience = 20_000;

/** Milliseconds from the start of a service within which it cannot have been restarted after its death. */
const delay = 800;

/** How many times a case may be too slow to show anything. */
const attempts = 20;

class TooSlow extends Error {}

/**
 * Takes the steps of a case, and returns the lines that its scripts have written. Leaves no process behind.
 *
 * @param isInTime - Whether no line shows that the machine was too slow; then the case starts again.
 */
export async function drive(
  given: Case,
  driver: Driver,
  isInTime: (lines: readonly string[]) => boolean,
): Promise<readonly string[]> {
  for (let left = attempts; ; left -= 1) {
    try {
      const lines = await attempt(given, driver);
      if (left === 1 || isInTime(lines)) return lines;
    } catch (error) {
      if (left === 1 || !((error as Error).cause instanceof TooSlow)) throw error;
    }
  }
}

async function attempt(given: Case, driver: Driver): Promise<readonly string[]> {
  const root = realpathSync(await mkdtemp(join(tmpdir(), 'stagekeeper-conformance-')));
  const trace = join(root, 'trace');
  const never = join(root, 'never');
  let driven: Driven | undefined;
  try {
    await writeTree(join(root, 'services.d'), given.tree);
    if ('stages' in given) await writeTree(root, given.stages ?? {});
    execFileSync('mkfifo', [never]);
    const options = 'options' in given ? (given.options ?? {}) : {};
    driven = await driver.start(root, { TRACE: trace, NEVER: never, WORDS: words }, options);
    const services = Object.keys(given.tree).flatMap(
      (path) => /^([^/]+)\/run$/.exec(path)?.[1] ?? [],
    );
    for (const step of given.steps) await take(step, { driven, services, root, patience });
    await allAtRest({ driven, services });
    await within(driven.stop(), 'the end');
    return linesOf(trace);
  } catch (error) {
    throw new Error(`${driver.name}: ${String(error)}; so far: ${linesOf(trace).join(', ')}`, {
      cause: error,
    });
  } finally {
    // After a failure the tree still runs; after its end a second stop does nothing.
    const end = driven?.stop().catch(() => undefined);
    endAll(`TRACE=${trace}`);
    await end;
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Place {
  readonly driven: Driven;
  /** The names of its services. */
  readonly services: readonly string[];
  readonly root: string;
  /** Milliseconds until an expected event. */
  readonly patience: number;
}

async function take(step: Step, place: Place): Promise<void> {
  const { driven, root, patience } = place;
  const directory = join(root, 'services.d');
  switch (step.do) {
    case 'await':
      return until(
        () =>
          linesOf(join(root, 'trace')).filter((line) => step.lines.includes(line)).length >=
          step.times,
        `'${step.lines.join("' or '")}', ${step.times} times,`,
        patience,
      );
    case 'command':
      await atRest(driven, step.service);
      return driven.command(step.service, step.letters);
    case 'see':
      return until(
        () => driven.standing(step.service) === step.standing,
        `'${step.service}' ${step.standing}`,
        patience,
      );
    case 'write':
      return writeTree(directory, step.files);
    case 'remove':
      return rm(join(directory, step.path), { recursive: true });
    case 'rescan':
      await allAtRest(place);
      return driven.rescan();
    case 'stop':
      await allAtRest(place);
      void driven.stop();
      return;
    case 'hurry':
      return hurry(step.steps, place);
  }
}

/**
 * Waits briefly until a service's `run` sleeps: a shell just before a read notices a signal only when it has read something, and
 * here it never reads anything.
 */
async function atRest(driven: Driven, service: string): Promise<void> {
  const waits = (): boolean => {
    const pid = driven.pid(service);
    return pid === undefined || isAtRest(pid);
  };
  await until(waits, 'rest', 500).catch(() => undefined);
}

/** The same for all services, before a step that may end any of them. */
async function allAtRest({ driven, services }: Pick<Place, 'driven' | 'services'>): Promise<void> {
  await Promise.all(services.map((service) => atRest(driven, service)));
}

async function hurry(steps: readonly Step[], place: Place): Promise<void> {
  const end = performance.now() + delay;
  const left = (): number => end - performance.now();
  try {
    for (const step of steps) await take(step, { ...place, patience: left() });
  } catch (error) {
    if (left() > 0) throw error;
  }
  if (left() <= 0) throw new TooSlow(`the machine took ${Math.round(delay - left())} ms`);
}

async function within(promise: Promise<void>, what: string): Promise<void> {
  let over = false;
  const settled = promise.finally(() => {
    over = true;
  });
  await Promise.race([settled, until(() => over, what, patience)]);
}

function linesOf(trace: string): readonly string[] {
  return read(trace).split('\n').slice(0, -1);
}

/** Kills every remaining process of a case: all have its trace in their environment. */
function endAll(entry: string): void {
  for (const pid of livingWithEntry(entry)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone meanwhile
    }
  }
}
