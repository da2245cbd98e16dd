import { join } from 'node:path';
import type { ServiceSpec } from '../model/tree.ts';
import { loggerName } from '../model/tree.ts';
import { show } from '../schema/schema.ts';
import { readControlFiles } from './control-files.ts';
import { fields } from './fields.ts';
import type { Reading } from './reading.ts';
import { inspectScriptFile } from './inspect-script.ts';
import type { SpecParts } from './spec.ts';
import { serviceSpec } from './spec.ts';
import { noteAbsolutePrograms, searchedLength } from './absolute-programs.ts';

/**
 * Reads an entry of `services.d`.
 *
 * @returns the service, with or without a `run`, since an init script may still write that; `undefined` if the entry is
 * not a folder.
 */
export function readService(
  reading: Reading,
  name: string,
  folder: string,
): ServiceSpec | undefined {
  const entry = reading.look(folder, 'there is no such service');
  if (entry.kind === 'file' && isScript(reading, folder)) {
    reading.tell(
      'not-a-folder',
      folder,
      'is a script where the folder of a service belongs; there is no such service',
      {
        remedy: `Make ${show(name)} a folder, and the script its run; or remove it.`,
      },
    );
  }
  if (entry.kind !== 'folder') return undefined;
  const names = namesIn(reading, folder);
  if (names?.has('run') === false) {
    reading.tell(
      'run-missing',
      join(folder, 'run'),
      `is missing: the service ${show(name)} has nothing to run`,
      {
        remedy: 'Write the script, or let an init script write it.',
      },
    );
  }
  const logger = names?.has('log') === true ? readLogger(reading, name, folder) : undefined;
  return readDirectory(reading, name, folder, names, logger);
}

/** Whether a file begins as a script does; other files beside the services, such as a README, are no mistake. */
function isScript({ files }: Reading, path: string): boolean {
  const content = files.read(path, 2);
  return content.kind === 'bytes' && Buffer.from(content.bytes).toString('latin1') === '#!';
}

function readLogger(reading: Reading, producer: string, above: string): ServiceSpec | undefined {
  const folder = join(above, 'log');
  const unlogged = `the service ${show(producer)} runs unlogged`;
  const entry = reading.look(folder, unlogged);
  if (entry.kind === 'file' || entry.kind === 'other') {
    reading.tell('not-a-folder', folder, `is no folder; ${unlogged}`, {
      remedy: 'Make it a folder, or remove it.',
    });
  }
  if (entry.kind !== 'folder') return undefined;
  const names = namesIn(reading, folder);
  if (names?.has('run') === false) {
    const waits = `what the service ${show(producer)} prints waits in the pipe`;
    reading.tell('log-without-run', folder, `has no run in it: ${waits}`, {
      remedy: `Write ${join(folder, 'run')}, or let an init script write it, or remove the folder.`,
    });
  }
  const further = join(folder, 'log');
  if (names?.has('log') === true && reading.files.look(further).kind === 'folder') {
    reading.tell('log-of-a-logger', further, 'is the logger of a logger; it is ignored', {
      remedy: 'Remove the folder.',
    });
  }
  return readDirectory(reading, loggerName(producer), folder, names, undefined);
}

/** The names in a service directory that have a meaning. */
const usedNames = ['run', 'finish', 'log', 'data', ...fields.keys()];

/** The names in a service directory; `undefined` when it cannot be listed, so that its contents are unknown. */
function namesIn(reading: Reading, folder: string): ReadonlySet<string> | undefined {
  const names = reading.list(folder, 'nothing but its run is known of the service', usedNames);
  return names === undefined ? undefined : new Set(names);
}

/**
 * Reads the directory of a known service again: its control files, and whether there is a `finish`. A field that no
 * file sets keeps its known value; a logger that appears or disappears is left to the next reading of the whole tree
 * (s6).
 *
 * @returns `undefined` when the directory cannot be listed: then everything keeps its known value.
 */
export function rereadParts(
  reading: Reading,
  known: ServiceSpec,
  folder: string,
): ServiceSpec | undefined {
  const listing = reading.files.list(folder, usedNames);
  if (listing.kind === 'unreadable') return undefined;
  const told = readParts(reading, folder, new Set(listing.names));
  return serviceSpec({ ...known, ...untold, ...told });
}

/** The fields of a service of which the directory sets none. */
const untold = Object.fromEntries([...fields.values()].map(({ field }) => [field, undefined]));

function readDirectory(
  reading: Reading,
  name: string,
  folder: string,
  names: ReadonlySet<string> | undefined,
  logger: ServiceSpec | undefined,
): ServiceSpec {
  const run = join(folder, 'run');
  if (names?.has('run') === true) inspectScriptFile(reading, run, 'run-is-a-folder');
  if (names?.has('data') === true) inspectCheck(reading, join(folder, 'data', 'check'));
  const told = names === undefined ? {} : readParts(reading, folder, names);
  return serviceSpec({ name, run: { script: run }, logger, ...told });
}

/** The script that `s6-notifyoncheck` executes; the kernel resolves its interpreter line. */
function inspectCheck(reading: Reading, path: string): void {
  if (reading.host === null || reading.files.look(path).kind !== 'file') return;
  const content = reading.files.read(path, searchedLength);
  if (content.kind !== 'bytes') return;
  noteAbsolutePrograms(reading, path, content.bytes, 'with its interpreter line');
}

/** The parts of a service that its directory sets, other than its `run` and its logger. */
function readParts(
  reading: Reading,
  folder: string,
  names: ReadonlySet<string>,
): Partial<SpecParts> {
  const finish = join(folder, 'finish');
  const finishes = names.has('finish') && inspectScriptFile(reading, finish, 'script-is-a-folder');
  return {
    finish: finishes ? { script: finish } : undefined,
    ...readControlFiles(reading, folder, names),
  };
}
