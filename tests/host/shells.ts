import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { unlessInCI } from '../skipping.ts';

/** The path of a program on PATH; `undefined`: there is none. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Why a test is skipped that needs these programs; `false`: they are installed. */
export function without(...names: readonly string[]): string | false {
  const missing = names.filter((name) => findProgram(name) === undefined);
  return unlessInCI(missing.length > 0 && `not installed: ${missing.join(', ')}`);
}

/** The kinds of `sh` in use, and how each is called. */
export const shells = [
  { name: 'dash', words: ['dash'] },
  { name: 'bash', words: ['bash', '--posix'] },
  { name: 'busybox', words: ['busybox', 'sh'] },
].map(({ name, words: [program = '', ...words] }) => ({
  name,
  words: [findProgram(program) ?? program, ...words],
  skip: without(name),
}));

/** The installed shells, by their paths: `/bin/sh`, and each kind that is installed under its own name. */
export const shellPaths: readonly string[] = [
  '/bin/sh',
  ...['dash', 'bash', 'busybox', 'ash'].flatMap((name) => findProgram(name) ?? []),
];
