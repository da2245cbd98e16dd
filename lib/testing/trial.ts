import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Loaded } from '../loader/load.ts';
import { profileOf } from '../loader/profile.ts';
import { Supervisor } from '../supervisor.ts';
import { copyTree } from '../runtime/copy-tree.ts';
import { requirePlain, writeTree } from './files.ts';
import type { Drive, Life, LifeOptions } from './life.ts';
import { untilOf } from './life.ts';
import { Story } from './story.ts';
import { transcript } from './transcript.ts';
import type { SortedSource, TreeSource } from './tree-source.ts';
import { readSource, sorted } from './tree-source.ts';

/** The life of a tree with real processes, in a temporary folder. Its functions need no `this`. */
export interface Trial extends Life {
  /** The folder that the tree stands in: a copy, which is gone at the end. A tree made in code has none. */
  readonly root: string | undefined;
}

/**
 * Sets a tree up to be run for real, in a copy of its own that is removed when the trial is disposed of. Nothing has been
 * started yet.
 *
 * The environment is the host's, but for its `S6_*` variables. Output goes into `output` events unless the options say
 * otherwise.
 *
 * @throws TreeError when nothing sensible is left to run; under `strict`, when there is any problem at all.
 * @throws OptionsError when an option has a value that it cannot have.
 */
export async function trial(source: TreeSource, options: LifeOptions = {}): Promise<Trial> {
  const folder = await mkdtemp(join(tmpdir(), 'stagekeeper-trial-'));
  const release = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    // Services that run under other accounts must get there, too.
    await chmod(folder, 0o755);
    const { variables = {}, profile = profileOf(variables), ...others } = options;
    const planted = await plant(sorted(source), join(folder, 'tree'), profile);
    const loaded = await readSource(planted, { profile });
    return setUp(planted, loaded, folder, { ...others, variables }, release);
  } catch (error) {
    await release();
    throw error;
  }
}

function setUp(
  source: SortedSource,
  { tree, problems }: Loaded,
  folder: string,
  { variables, ...options }: LifeOptions,
  release: () => Promise<void>,
): Trial {
  const supervisor = new Supervisor(
    tree,
    { output: 'lines', ...options, runtimeDirectory: join(folder, 'run') },
    { problems, variables: { ...hostVariables(), ...variables } },
  );
  const story = new Story(supervisor);
  const lines = transcript(supervisor);
  const root = source.kind === 'folder' ? String(source.root) : undefined;
  return {
    supervisor,
    root,
    events: story.events,
    transcript: lines,
    until: untilOf(story, lines, poll),
    async write(files) {
      await writeTree(required(root), files);
    },
    async remove(path) {
      const place = required(root);
      requirePlain(path);
      await rm(join(place, path), { recursive: true });
    },
    async [Symbol.asyncDispose]() {
      try {
        await supervisor.stop({ timeout: longestStop });
      } finally {
        await release();
      }
    },
  };
}

/** How long `until()` waits by itself, in milliseconds. */
const longestWait = 10_000;

/** How long a trial may take to end, in milliseconds; after that its end rejects and names who is left. */
const longestStop = 60_000;

/** Milliseconds between two looks at something that no event tells of. */
const pollInterval = 5;

const poll: Drive = async (wait, timeout = longestWait) => {
  const end = performance.now() + timeout;
  while (wait.met() === undefined) {
    if (performance.now() > end) return `it did not come within ${String(timeout)} ms`;
    await pause(pollInterval);
  }
  return undefined;
};

/** Puts a tree into a folder; where it is to be read from then. */
async function plant(
  source: SortedSource,
  root: string,
  profile: string | undefined,
): Promise<SortedSource> {
  if (source.kind === 'data') return source;
  if (source.kind === 'files') await writeTree(root, source.files);
  else {
    // A folder that is missing, or is none, is told with all that is wrong with it.
    await readSource(source, { profile });
    await copyTree(pathOf(source.root), root);
  }
  return { kind: 'folder', root };
}

function pathOf(root: string | URL): string {
  return typeof root === 'string' ? root : fileURLToPath(root);
}

/** The host's environment, without what would set the supervisor's defaults. */
function hostVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('S6_')),
  );
}

function required(root: string | undefined): string {
  if (root !== undefined) return root;
  throw new Error('A tree that was made in code stands in no folder: there is nothing to change.');
}
