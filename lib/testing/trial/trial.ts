import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Loaded } from '../../loader/load.ts';
import { profileOf } from '../../loader/profile.ts';
import { Supervisor } from '../../supervisor/supervisor.ts';
import { copyTree } from '../../host/filesystem/copy-tree.ts';
import { requirePlain, writeTree } from '../trees/files.ts';
import type { Drive, Life, LifeOptions } from '../observation/life.ts';
import { untilOf } from '../observation/life.ts';
import { EventLog } from '../observation/event-log.ts';
import { transcript } from '../observation/transcript.ts';
import type { SortedSource, TreeSource } from '../trees/tree-source.ts';
import { readSource, sorted } from '../trees/tree-source.ts';
import { pathsIn, TreeNames } from '../observation/tree-names.ts';

/** The life of a tree with real processes, in a temporary folder. Its methods do not need `this`. */
export interface Trial extends Life {
  /** The folder of the tree: a copy, which is removed at the end; `undefined` for a tree made in code. */
  readonly root: string | undefined;
}

/**
 * Sets a tree up with real processes, in a temporary copy that is removed when the trial is disposed of. The supervisor is not
 * started.
 *
 * The environment is that of the host without its `S6_*` variables. `output` defaults to `lines`, which makes `output` events.
 *
 * @throws TreeError when the tree leaves nothing to run; under `strict`, when it has any problem.
 * @throws OptionsError when an option has an invalid value.
 */
export async function trial(source: TreeSource, options: LifeOptions = {}): Promise<Trial> {
  const folder = await mkdtemp(join(tmpdir(), 'stagekeeper-trial-'));
  const release = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    // Services that run under other accounts must be able to enter it.
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
  { variables, addedLater = [], ...options }: LifeOptions,
  release: () => Promise<void>,
): Trial {
  const supervisor = new Supervisor(
    tree,
    { output: 'lines', ...options, runtimeDirectory: join(folder, 'run') },
    { problems, variables: { ...hostVariables(), ...variables } },
  );
  const story = new EventLog(supervisor);
  const lines = transcript(supervisor);
  const root = source.kind === 'folder' ? String(source.root) : undefined;
  const paths = (): readonly string[] => (root === undefined ? [] : pathsIn(root));
  const names = new TreeNames({ supervisor, paths, addedLater });
  return {
    supervisor,
    root,
    events: story.events,
    transcript: lines,
    until: untilOf({ story, transcript: lines, names }, poll),
    async write(files) {
      await writeTree(required(root), files);
    },
    async remove(path) {
      const target = required(root);
      requirePlain(path);
      await rm(join(target, path), { recursive: true });
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

/** The default timeout of `until()`, in milliseconds. */
const longestWait = 10_000;

/** The most time that the end of a trial may take, in milliseconds; then it rejects with the names of what is left. */
const longestStop = 60_000;

/** Milliseconds between two checks of a condition that no event reports. */
const pollInterval = 5;

const poll: Drive = async (wait, timeout = longestWait) => {
  const end = performance.now() + timeout;
  while (wait.met() === undefined) {
    if (performance.now() > end) return `it did not come within ${String(timeout)} ms`;
    await pause(pollInterval);
  }
  return undefined;
};

/** Puts a tree into a folder; returns the source to read it from. */
async function plant(
  source: SortedSource,
  root: string,
  profile: string | undefined,
): Promise<SortedSource> {
  if (source.kind === 'data') return source;
  if (source.kind === 'files') await writeTree(root, source.files);
  else {
    // Reports a folder that is missing, or that is not a folder, with all of its problems.
    await readSource(source, { profile });
    await copyTree(pathOf(source.root), root);
  }
  return { kind: 'folder', root };
}

function pathOf(root: string | URL): string {
  return typeof root === 'string' ? root : fileURLToPath(root);
}

/** The host's environment without the variables that set the supervisor's defaults. */
function hostVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('S6_')),
  );
}

function required(root: string | undefined): string {
  if (root !== undefined) return root;
  throw new Error('A tree that was made in code stands in no folder: there is nothing to change.');
}
