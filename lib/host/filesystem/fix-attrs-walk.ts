import type { Breath } from './loop-turns.ts';
import { namesIn } from './folder-names.ts';
import type { FoundPath } from './glob.ts';
import type { Inode } from './inode.ts';

/** How a tree is walked. */
export interface Walk {
  /** Whether names that begin with a dot are included. */
  readonly hidden: boolean;
  readonly breath: Breath;
  /** Hears of what cannot be reached. */
  readonly fail: (error: unknown) => void;
}

/**
 * An entry and everything below it; symbolic links are not followed. Each is open only until the next is asked for.
 *
 * A folder comes after what is in it: it is closed to its new owner while that is changed. One that cannot be entered yet
 * comes first.
 */
export async function* walkTree(top: FoundPath, walk: Walk): AsyncGenerator<FoundPath> {
  const stack: Frame[] = [];
  try {
    yield* enter(stack, top, walk);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      if (walk.breath.isDue) await walk.breath.take();
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
  /** The names in it that are still to come. */
  readonly names: string[];
  /** Whether it was changed before what is in it. */
  readonly isVisited: boolean;
}

/** How many folders above the present one are held; those below them are opened again by `..`. */
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
    walk.fail(error);
    return;
  }
  yield* enter(stack, { inode: below, folder: inode.stats }, walk);
}

/** Comes to an entry: a folder goes onto the stack, anything else is done with. */
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

async function listNames({ inode }: FoundPath, { hidden, breath, fail }: Walk): Promise<string[]> {
  try {
    return await namesIn(inode, (name) => hidden || !name.startsWith('.'), breath);
  } catch (error) {
    fail(error);
    return [];
  }
}

/** Goes back up; folders above that cannot be found again are given up. */
function* leave(stack: Frame[], { found, isVisited }: Frame, { fail }: Walk): Generator<FoundPath> {
  if (!isVisited) yield found;
  stack.pop();
  for (let above = stack.at(-1); above !== undefined; above = stack.at(-1)) {
    try {
      above.found.inode.reopen(found.inode);
      break;
    } catch (error) {
      fail(error);
      stack.pop();
    }
  }
  found.inode.close();
}
