import { readFileSync, readdirSync } from 'node:fs';

/** A process as `/proc/PID/stat` has it. */
interface ProcessEntry {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

/** The living members of a process group or session, zombies left out; `undefined` where there is no `/proc`. */
export function membersOf(leader: number): readonly number[] | undefined {
  return entries()
    ?.filter(
      ({ group, session, state }) => (group === leader || session === leader) && state !== 'Z',
    )
    .map(({ pid }) => pid);
}

/** The living processes that have this setting in their environment, this one and its ancestors left out. */
export function carriersOf(setting: string): readonly number[] {
  const all = entries() ?? [];
  const above = ancestors(all);
  const marker = Buffer.from(`${setting}\0`);
  return all
    .filter(({ pid, state }) => state !== 'Z' && !above.has(pid) && environOf(pid).includes(marker))
    .map(({ pid }) => pid);
}

function ancestors(all: readonly ProcessEntry[]): ReadonlySet<number> {
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  const above = new Set<number>();
  for (
    let pid: number | undefined = process.pid;
    pid !== undefined && !above.has(pid);
    pid = parents.get(pid)
  ) {
    above.add(pid);
  }
  return above;
}

function entries(): readonly ProcessEntry[] | undefined {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? entryOf(name) : []));
  } catch {
    return undefined;
  }
}

function entryOf(pid: string): readonly ProcessEntry[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent, group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [
      {
        pid: Number(pid),
        state,
        parent: Number(parent),
        group: Number(group),
        session: Number(session),
      },
    ];
  } catch {
    return []; // gone meanwhile
  }
}

function environOf(pid: number): Buffer {
  try {
    return readFileSync(`/proc/${String(pid)}/environ`);
  } catch {
    return Buffer.alloc(0); // gone, or another user's
  }
}
