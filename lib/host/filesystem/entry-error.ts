/** An operation on an entry of the file system that failed. The message is a sentence that begins with the path. */
export class EntryError extends Error {
  override readonly name = 'EntryError';
  /** The system's code, if the system refused it. */
  readonly code: string | undefined;
  /** How to resolve the failure. */
  readonly remedy: string | undefined;

  constructor(path: string, reason: string, more: { code?: string; remedy?: string } = {}) {
    super(`${readablePath(path)} ${reason}`);
    this.code = more.code;
    this.remedy = more.remedy;
  }
}

/** Runs an operation on an entry; throws an error of the system as an EntryError. */
export function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof EntryError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    // After the comma comes the system call, with a path that is valid only in this process.
    const reason = reasons[code] ?? `cannot be changed: ${message.split(',', 1).join()}`;
    throw new EntryError(path, reason, { code });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'cannot be reached: a name on the way is not a folder',
  EPERM: 'cannot be changed: only its owner and root may do so',
  EACCES: 'cannot be reached: permission denied',
  EROFS: 'cannot be changed: the file system is read-only',
  ELOOP: 'is a link that leads to itself',
};

/** Converts a path with one character for each byte into text, with `\xNN` for control characters and bytes that are not UTF-8. */
function readablePath(path: string): string {
  const bytes = Buffer.from(path, 'latin1');
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(bytes);
  // eslint-disable-next-line no-control-regex
  return (isText ? text : path).replace(isText ? /[\0-\x1f\x7f]/g : /[^ -~]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
