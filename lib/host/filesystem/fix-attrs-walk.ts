import type { LoopPause } from './loop-turns.ts';
import { namesIn } from './folder-names.ts';
import type { FoundPath } from './glob.ts';
import type { Inode } from './inode.ts';

/** How to walk a folder. */
export interface Walk {
  /** Whether names that begin with a dot are included. */
  readonly hidden: boolean;
  readonly pause: LoopPause;
  /** Called with the error for each entry that cannot be reached. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Yields an entry and everything below it; symbolic links are not followed. Each entry is open only until the next is requested.
 *
 * A folder comes after its entries, so that its new owner has no access to it while they are changed. A folder that this process
 * cannot enter yet comes before its entries.
 */
export async function* walkTree(top: FoundPath, walk: Walk): AsyncGenerator<FoundPath> {
  const stack: Frame[] = [];
  try {
    yield* enter(stack, top, walk);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      if (walk.pause.isDue) await walk.pause.take();
      const name = frame.names.pop();
      yield* name === undefined ? leave(stack, frame, walk) : descend(stack, frame, name, walk);
    }
  } finally {
    for (const { found } of stack) found.inode.close();
  }
}

/** A folder on the way down. */
interface Frame {
  readonly found: FoundPath;
  /** The names in it that have not been visited. */
  readonly names: string[];
  /** Whether it was yielded before its entries. */
  readonly isVisited: boolean;
}

/** How many folders of the stack stay open; those above that depth are closed and opened again by `..`. */
const mostHeld = 64;

async function* descend(
  stack: Frame[],
  { found: { inode } }: Frame,
  name: string,
  walk: Walk,
): AsyncGenerator<FoundPath> {
  let below: Inode;
  try {
    below = inode.open(name);
  } catch (error) {
    walk.onFailure(error);
    return;
  }
  yield* enter(stack, { inode: below, folder: inode.stats }, walk);
}

/** Visits an entry: pushes a folder onto the stack, and yields and closes anything else. */
async function* enter(stack: Frame[], found: FoundPath, walk: Walk): AsyncGenerator<FoundPath> {
  const { inode } = found;
  let isKept = false;
  try {
    const isVisited = !inode.stats.isDirectory() || !inode.isAccessible;
    if (isVisited) yield found;
    if (!inode.stats.isDirectory()) return;
    const names = await listNames(found, walk);
    if (stack.length > mostHeld) stack.at(-1)?.found.inode.release();
    stack.push({ found, names, isVisited });
    isKept = true;
  } finally {
    if (!isKept) inode.close();
  }
}

async function listNames(
  { inode }: FoundPath,
  { hidden, pause, onFailure }: Walk,
): Promise<string[]> {
  try {
    return await namesIn(inode, (name) => hidden || !name.startsWith('.'), pause);
  } catch (error) {
    onFailure(error);
    return [];
  }
}

/** Leaves a folder; drops the folders above it that cannot be opened again. */
function* leave(
  stack: Frame[],
  { found, isVisited }: Frame,
  { onFailure }: Walk,
): Generator<FoundPath> {
  if (!isVisited) yield found;
  stack.pop();
  for (let above = stack.at(-1); above !== undefined; above = stack.at(-1)) {
    try {
      above.found.inode.reopen(found.inode);
      break;
    } catch (error) {
      onFailure(error);
      stack.pop();
    }
  }
  found.inode.close();
}
