import { fstatSync, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';

/** The identity of a pipe, the same in every process. */
export interface PipeIdentity {
  /** The text of the link in `/proc/PID/fd`. */
  readonly link: string;
  readonly device: number;
  readonly inode: number;
}

/** The identity of the pipe behind a descriptor of this process; `undefined` when descriptors cannot be listed. */
export function identityOf(descriptor: number): PipeIdentity | undefined {
  try {
    const link = readlinkSync(`/proc/self/fd/${String(descriptor)}`);
    const { dev: device, ino: inode } = fstatSync(descriptor);
    return { link, device, inode };
  } catch {
    return undefined;
  }
}

/** Whether a process can write into a pipe; false when its descriptors cannot be listed, for instance those of another account. */
export function writesInto(pid: number, pipe: PipeIdentity): boolean {
  const folder = `/proc/${String(pid)}/fd`;
  try {
    return readdirSync(folder).some((name) => isWriteEnd(`${folder}/${name}`, pipe));
  } catch {
    return false;
  }
}

/** Compares the link first: stat() of another descriptor may hang, for instance on a disk that does not respond. */
function isWriteEnd(path: string, { link, device, inode }: PipeIdentity): boolean {
  try {
    if (readlinkSync(path) !== link || (lstatSync(path).mode & ownerMayWrite) === 0) return false;
    const { dev, ino } = statSync(path);
    return dev === device && ino === inode;
  } catch {
    return false; // closed meanwhile
  }
}

/** The bit in the mode of a link to a descriptor that is open for writing. */
const ownerMayWrite = 0o200;
