import { fstatSync, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';

/** What a pipe is known by, whoever holds it. */
export interface PipeIdentity {
  /** How the list of a process's descriptors has it. */
  readonly link: string;
  readonly device: number;
  readonly inode: number;
}

/** What the pipe is known by that a descriptor of ours is an end of; `undefined` where descriptors are not listed. */
export function identityOf(descriptor: number): PipeIdentity | undefined {
  try {
    const link = readlinkSync(`/proc/self/fd/${String(descriptor)}`);
    const { dev: device, ino: inode } = fstatSync(descriptor);
    return { link, device, inode };
  } catch {
    return undefined;
  }
}

/** Whether a process can write into a pipe; that of another user may not be seen. */
export function writesInto(pid: number, pipe: PipeIdentity): boolean {
  const folder = `/proc/${String(pid)}/fd`;
  try {
    return readdirSync(folder).some((name) => isWriteEnd(`${folder}/${name}`, pipe));
  } catch {
    return false;
  }
}

/** What is not the pipe is told by its link alone: looking further may take for ever, as on a disk that does not answer. */
function isWriteEnd(path: string, { link, device, inode }: PipeIdentity): boolean {
  try {
    if (readlinkSync(path) !== link || (lstatSync(path).mode & ownerMayWrite) === 0) return false;
    const { dev, ino } = statSync(path);
    return dev === device && ino === inode;
  } catch {
    return false; // closed meanwhile
  }
}

/** In the mode of a link to a descriptor: it is open for writing. */
const ownerMayWrite = 0o200;
