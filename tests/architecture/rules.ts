import { basename } from 'node:path';
import type { Source } from './source.ts';

/** A rule returns a sentence for each violation. */
export type Rule = (sources: readonly Source[]) => readonly string[];

/** Which room may import which; the floors of the house, from the top down. Nothing imports upwards. */
const mayImport = {
  testing: [
    'testing',
    'façade',
    'programs',
    'runtime',
    'loader',
    'machine',
    'errors',
    'schema',
    'read-file',
    'model',
  ],
  façade: [
    'façade',
    'programs',
    'runtime',
    'loader',
    'machine',
    'errors',
    'schema',
    'read-file',
    'model',
  ],
  programs: ['programs', 'machine', 'model'],
  runtime: ['runtime', 'machine', 'errors', 'read-file', 'model'],
  loader: ['loader', 'machine', 'errors', 'schema', 'read-file', 'model'],
  machine: ['machine', 'model'],
  errors: ['errors', 'model'],
  schema: ['schema', 'model'],
  'read-file': ['read-file'],
  model: ['model'],
} as const satisfies Record<string, readonly string[]>;

type Room = keyof typeof mayImport;

/** Imports go down the floors, and never out of `lib`. */
export const layers: Rule = (sources) => {
  const known = new Set(sources.map((source) => source.path));
  return sources.flatMap(({ path, files }) => {
    const from = roomOf(path);
    if (from === undefined) return [`${path} stands in no room of the house`];
    const rooms: readonly (Room | undefined)[] = mayImport[from];
    return files.flatMap((file) => {
      if (!known.has(file)) return [`${path} imports ${file}, which is not in lib`];
      const to = roomOf(file);
      return rooms.includes(to) ? [] : [`${path} imports ${file}: ${from} → ${to ?? 'nowhere'}`];
    });
  });
};

/** No file imports itself by way of others, not even for a type. */
export const circles: Rule = (sources) => {
  const imports = new Map(sources.map(({ path, files }) => [path, files]));
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start >= 0) found.push([...way.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    for (const next of imports.get(path) ?? []) walk(next, [...way, path]);
    done.add(path);
  };
  for (const { path } of sources) walk(path, []);
  return found;
};

/** Each third-party package is imported by exactly one file, and there is no other; Node's modules are named `node:`. */
export const packages =
  (expected: readonly string[]): Rule =>
  (sources) => {
    const importers = (name: string): string[] =>
      sources.filter((source) => source.modules.includes(name)).map((source) => source.path);
    const all = new Set(
      sources.flatMap(({ modules }) => modules).filter((name) => !name.startsWith('node:')),
    );
    return [
      ...expected
        .filter((name) => importers(name).length !== 1)
        .map((name) => `${name} is imported by ${importers(name).join(' and ') || 'no file'}`),
      ...[...all]
        .filter((name) => !expected.includes(name))
        .map((name) => `${importers(name).join(' and ')} imports ${name}`),
    ];
  };

const worldly = new Set(
  `Date setTimeout setInterval setImmediate queueMicrotask process performance Math.random crypto fetch
   console Buffer globalThis`.split(/\s+/),
);

/** `model/` and `machine/` are pure: no time, no process, no chance, no Node. */
export const purity: Rule = (sources) =>
  sources
    .filter(({ path }) => roomOf(path) === 'model' || roomOf(path) === 'machine')
    .flatMap(({ path, names, modules }) => [
      ...[...names].filter((name) => worldly.has(name)).map((name) => `${path} names ${name}`),
      ...modules
        .filter((name) => name.startsWith('node:'))
        .map((name) => `${path} imports ${name}`),
    ]);

const loud = new Set(
  `console process.exit process.abort process.reallyExit process.exitCode process.stdout process.stderr
   node:process node:console`.split(/\s+/),
);

/** What passes the output of services on to the host's own streams. */
const relay = 'lib/runtime/host-sink.ts';
const relayed = new Set(['process.stdout', 'process.stderr']);

/** The library is a guest: it never ends the host and never writes to its console. */
export const manners: Rule = (sources) =>
  sources.flatMap(({ path, names, modules }) =>
    [...names, ...modules]
      .filter((name) => loud.has(name) && !(path === relay && relayed.has(name)))
      .map((name) => `${path} uses ${name}`),
  );

/** How many lines a file may have. */
export const lineLimit = 300;

/** A file can be read at one sitting. */
export const sizes: Rule = (sources) =>
  sources
    .filter(({ lines }) => lines > lineLimit)
    .map(({ path, lines }) => `${path} has ${String(lines)} lines, more than ${String(lineLimit)}`);

/** A file is called after what is in it. */
export const fileNames: Rule = (sources) =>
  sources
    .map(({ path }) => path)
    .filter((path) => /^(utils?|helpers?|misc|common|shared)$/.test(basename(path, '.ts')))
    .map((path) => `${path} is not called after what is in it`);

/**
 * Tests stand where the file stands that they test: `tests/a/b.test.ts` or `tests/a/b-more.test.ts` for `lib/a/b.ts`. Tests
 * of more than one file are listed in `exceptions`, by path, or by folder with a slash at the end.
 */
export function mirrors(
  tests: readonly string[],
  lib: readonly string[],
  exceptions: readonly string[],
): readonly string[] {
  const excepted = (path: string): boolean =>
    exceptions.some((each) => path === each || (each.endsWith('/') && path.startsWith(each)));
  const mirrored = (path: string): boolean => {
    const stem = path.replace(/^tests\//, 'lib/').replace(/\.test\.ts$/, '');
    return lib.some((each) => `${stem}-`.startsWith(`${each.replace(/\.ts$/, '')}-`));
  };
  return tests
    .filter((path) => path.endsWith('.test.ts') && !excepted(path) && !mirrored(path))
    .map((path) => `${path} mirrors no file of lib`);
}

/** Nothing stands at the top but what is named, dot-files and what git ignores. */
export function topLevel(
  entries: readonly string[],
  allowed: readonly string[],
  ignored: readonly string[],
): readonly string[] {
  const isIgnored = (entry: string): boolean =>
    ignored.some((pattern) =>
      pattern.startsWith('*') ? entry.endsWith(pattern.slice(1)) : `${entry}/` === pattern,
    );
  return entries
    .filter((entry) => !entry.startsWith('.') && !allowed.includes(entry) && !isIgnored(entry))
    .map((entry) => `${entry} may not stand at the top`);
}

/** Files at the top of `lib` that the layers below the façade import too. */
const ground: ReadonlySet<string> = new Set(['errors', 'schema', 'read-file']);

/** The floor that a file stands on; `undefined` for a folder that the design does not know. */
function roomOf(path: string): Room | undefined {
  const [, room = '', file] = path.split('/');
  const name = file === undefined ? room.replace(/\.ts$/, '') : room;
  const onTheGround = ground.has(name);
  if (file === undefined) return onTheGround ? (name as Room) : 'façade';
  return !onTheGround && name in mayImport ? (name as Room) : undefined;
}
