import { join } from 'node:path';
import { TreeError } from '../errors.ts';
import type { ScriptSpec, Tree } from '../model/tree.ts';
import { readFixAttrs } from './fix-attrs.ts';
import type { Entry } from './files/files.ts';
import type { StageFolder } from './layout.ts';
import { stageFolders, tellNoStage, tellRcDefinitions } from './layout.ts';
import type { Reading } from './reading.ts';
import { inspectScriptFile } from './inspect-script.ts';
import { readService } from './read-service.ts';

/**
 * Reads a tree, piece by piece: it yields after each script and each service, so that the caller can yield to other
 * tasks. The problems that it finds are added to the reading.
 *
 * @throws TreeError when there is nothing sensible to run: no folder at `root`, or no stage in it.
 */
export function* readTree(
  reading: Reading,
  root: string,
): Generator<undefined, Omit<Tree, 'root'>, undefined> {
  const stages = findStages(reading, root);
  const folder = (name: StageFolder): string | undefined =>
    stages.has(name) ? join(root, name) : undefined;
  const rules = folder('fix-attrs.d');
  return {
    fixAttrs: rules === undefined ? [] : yield* readFixAttrs(reading, rules),
    init: yield* readEach(reading, folder('cont-init.d'), readScript),
    services: yield* readEach(reading, folder('services.d'), readService),
    finish: yield* readEach(reading, folder('cont-finish.d'), readScript),
  };
}

/** The stages that exist in a folder. */
function findStages(reading: Reading, root: string): ReadonlySet<StageFolder> {
  checkRoot(reading, root, reading.files.look(root));
  const entries = stageFolders.map((name) => [name, lookAtStage(reading, root, name)] as const);
  const stages = new Set(entries.flatMap(([name, { kind }]) => (kind === 'folder' ? [name] : [])));
  if (stages.size > 0) {
    tellRcDefinitions(reading, root);
    return stages;
  }
  if (entries.some(([, { kind }]) => kind === 'unreadable')) tellUnreadableRoot(reading, root);
  else tellNoStage(reading, root);
  throw new TreeError(root, reading.problems);
}

function checkRoot(reading: Reading, root: string, { kind }: Entry): void {
  switch (kind) {
    case 'folder':
      return;
    case 'missing':
    case 'dangling': {
      const why = kind === 'missing' ? 'is missing' : 'is a link that leads nowhere';
      reading.tell('root-missing', root, why, { remedy: 'Name an existing folder.' });
      break;
    }
    case 'file':
    case 'other':
      reading.tell('root-not-a-folder', root, 'is no folder', {
        remedy: 'Name the folder that the stages are in.',
      });
      break;
    case 'loop':
    case 'unreadable':
      tellUnreadableRoot(reading, root);
  }
  throw new TreeError(root, reading.problems);
}

function tellUnreadableRoot(reading: Reading, root: string): void {
  reading.tell('root-unreadable', root, 'cannot be read', {
    remedy: 'Give the user that runs this the right to read it, and let no link lead to itself.',
  });
}

function lookAtStage(reading: Reading, root: string, name: StageFolder): Entry {
  const path = join(root, name);
  const entry = reading.look(path, 'the stage is left out');
  if (entry.kind === 'file' || entry.kind === 'other') {
    reading.tell('not-a-folder', path, 'is no folder; the stage is left out', {
      remedy: 'Make it a folder, or remove it.',
    });
  }
  return entry;
}

/** Reads a stage, entry by entry, in byte order. */
function* readEach<Spec>(
  reading: Reading,
  folder: string | undefined,
  readOne: (reading: Reading, name: string, path: string) => Spec | undefined,
): Generator<undefined, readonly Spec[], undefined> {
  const specs: Spec[] = [];
  if (folder === undefined) return specs;
  for (const name of yield* reading.listInSteps(folder, 'the stage is empty')) {
    const spec = readOne(reading, name, join(folder, name));
    if (spec !== undefined) specs.push(spec);
    yield;
  }
  return specs;
}

function readScript(reading: Reading, name: string, path: string): ScriptSpec {
  inspectScriptFile(reading, path, 'script-is-a-folder');
  return { name, run: { script: path } };
}
