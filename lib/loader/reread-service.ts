import { join } from 'node:path';
import type { Problem } from '../model/problem.ts';
import type { ServiceSpec } from '../model/tree.ts';
import { deepFreeze } from '../model/tree.ts';
import type { Files } from './files/files.ts';
import { imageFiles } from './files/image-files.ts';
import { Reading } from './reading.ts';
import { rereadParts } from './read-service.ts';

/** A service as its directory describes it now, and the problems there; both frozen. */
export interface ServiceReading {
  readonly spec: ServiceSpec;
  readonly problems: readonly Problem[];
}

/**
 * Reads the directory of one service of a tree again: a handful of small files, so the reading is synchronous.
 *
 * @returns `undefined` when there is nothing to read: the directory is gone, or the service was made in code.
 */
export function rereadService(
  root: string,
  known: ServiceSpec,
  files: Files = imageFiles(root),
): ServiceReading | undefined {
  const folder = join(root, 'services.d', known.name);
  if (!('script' in known.run) || known.run.script !== join(folder, 'run')) return undefined;
  const reading = new Reading(files, null);
  const spec = rereadParts(reading, known, folder);
  return spec === undefined ? undefined : deepFreeze({ spec, problems: reading.problems });
}
