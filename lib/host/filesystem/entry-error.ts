/** Something that cannot be done with an entry of the file system. The message tells of it in words, from the path on. */
export class EntryError extends Error {
  override readonly name = 'EntryError';
  /** The system's code, if the system refused it. */
  readonly code: string | undefined;
  /** What to do about it. */
  readonly remedy: string | undefined;

  constructor(path: string, reason: string, more: { code?: string; remedy?: string } = {}) {
    super(`${readablePath(path)} ${reason}`);
    this.code = more.code;
    this.remedy = more.remedy;
  }
}

/** Does something with an entry; what the system refuses is an EntryError. */
export function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof EntryError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    // What follows a comma is the system call, and a path that means nothing outside of this process.
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

/** A path, one character for each byte, as text: control characters, and bytes that are not UTF-8, are written as `\xNN`. */
function readablePath(path: string): string {
  const bytes = Buffer.from(path, 'latin1');
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(bytes);
  // eslint-disable-next-line no-control-regex
  return (isText ? text : path).replace(isText ? /[\0-\x1f\x7f]/g : /[^ -~]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
