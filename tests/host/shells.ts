import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program is on our PATH; `undefined`: nowhere. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Why a test must be left out that needs these programs; `false`: they are installed. */
export function without(...names: readonly string[]): string | false {
  const missing = names.filter((name) => findProgram(name) === undefined);
  return missing.length > 0 && `not installed: ${missing.join(', ')}`;
}

/** The kinds of `sh` that there are in the wild, and how each is called. */
export const shells = [
  { name: 'dash', words: ['dash'] },
  { name: 'bash', words: ['bash', '--posix'] },
  { name: 'busybox', words: ['busybox', 'sh'] },
].map(({ name, words: [program = '', ...words] }) => ({
  name,
  words: [findProgram(program) ?? program, ...words],
  skip: without(name),
}));

/** The shells that are here, by their paths: `/bin/sh`, and each that is installed by its own name. */
export const shellPaths: readonly string[] = [
  '/bin/sh',
  ...['dash', 'bash', 'busybox', 'ash'].flatMap((name) => findProgram(name) ?? []),
];
