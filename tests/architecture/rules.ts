import { basename } from 'node:path';
import type { Source } from './source.ts';

/** A rule returns a sentence for each violation. */
export type Rule = (sources: readonly Source[]) => readonly string[];

/**
 * Which room may import which, from the top of the house down. A room is a folder of lib, or a file at its top; `machine/*` stands
 * for all rooms in machine. An import goes to the same room or to one that stands here.
 */
const mayImport: Readonly<Record<string, string>> = {
  testing: 'testing/* programs errors model',
  'testing/contract': 'testing/simulation testing/time engine model',
  'testing/exploration': 'testing/simulation testing/trees options machine/* errors model',
  'testing/trial':
    'testing/simulation testing/observation testing/trees supervisor host/filesystem loader',
  'testing/simulation':
    'testing/observation testing/time testing/trees supervisor programs engine loader loader/files model',
  'testing/observation': 'testing/time supervisor options loader/files errors model',
  'testing/trees': 'loader loader/files errors model',
  'testing/time': 'engine',
  index: 'supervisor options loader engine host machine/tree errors emitter model',
  supervisor:
    'options programs loader loader/files engine host machine/* system errors emitter model',
  host: 'host/* engine machine/tree system errors model',
  'host/spawn':
    'host/orphans host/pipes host/variables host/script-interface host/directory host/os host/native engine system model',
  'host/orphans': 'host/pipes host/variables host/directory host/os host/native system model',
  'host/pipes': 'host/directory host/os host/native engine system model',
  'host/variables': 'host/script-interface host/directory host/os system errors model',
  'host/script-interface': 'host/shims host/directory host/os engine system errors model',
  'host/filesystem': 'host/directory host/os system model',
  'host/directory': 'host/shims host/os host/native system errors model',
  'host/shims': '',
  'host/os': 'host/native system model',
  'host/native': 'system',
  engine: 'machine/tree model',
  programs: 'machine/* model',
  options: 'loader engine machine/tree system schema errors model',
  loader: 'loader/files schema system errors model',
  'loader/files': 'system errors model',
  schema: 'model',
  'machine/tree': 'machine/service model',
  'machine/service': 'model',
  system: '',
  errors: 'model',
  emitter: '',
  model: '',
};

/** An import goes to the same room or to a lower one, and never out of `lib`. */
export const layers: Rule = (sources) => {
  const known = new Set(sources.map((source) => source.path));
  return sources.flatMap(({ path, files }) => {
    const from = roomOf(path);
    const allowed = mayImport[from]?.split(' ');
    if (allowed === undefined) return [`${path} stands in no room of the house`];
    return files.flatMap((file) => {
      if (!known.has(file)) return [`${path} imports ${file}, which is not in lib`];
      const to = roomOf(file);
      const isAllowed = to === from || allowed.some((room) => covers(room, to));
      return isAllowed ? [] : [`${path} imports ${file}: ${from} → ${to}`];
    });
  });
};

/** Whether a room may import another one. */
export function imports(room: string, other: string): boolean {
  return mayImport[room]?.split(' ').some((allowed) => covers(allowed, other)) === true;
}

function covers(allowed: string, room: string): boolean {
  return allowed === room || (allowed.endsWith('/*') && room.startsWith(allowed.slice(0, -1)));
}

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

/**
 * `model/` and `machine/` are pure: no time, no process, no random number, no module of Node. The engine knows Node's modules by
 * its ports alone.
 */
export const purity: Rule = (sources) =>
  sources.flatMap(({ path, names, modules }) => {
    const [, floor = ''] = path.split('/');
    const isPure = floor === 'model' || floor === 'machine';
    const impure = isPure ? [...names].filter((name) => worldly.has(name)) : [];
    const ofNode = modules.filter((name) => name.startsWith('node:'));
    return [
      ...impure.map((name) => `${path} names ${name}`),
      ...(isPure || floor === 'engine' ? ofNode : []).map((name) => `${path} imports ${name}`),
    ];
  });

const loud = new Set(
  `console process.exit process.abort process.reallyExit process.exitCode process.stdout process.stderr
   node:process node:console`.split(/\s+/),
);

/** What passes the output of services on to the host's own streams. */
const relay = 'lib/host/pipes/host-sink.ts';
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

/** How many files a folder may have. */
export const folderLimit = 18;

/** A folder has at most so many files, of whatever kind, so that a reader can take it in at a glance. */
export function fullness(paths: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > folderLimit)
    .map(
      ([folder, count]) => `${folder} has ${String(count)} files, more than ${String(folderLimit)}`,
    );
}

/** No two exported types share a name, so that a name means one thing in the whole of `lib`. */
export const typeNames: Rule = (sources) => {
  const places = new Map<string, string[]>();
  for (const { path, types } of sources)
    for (const name of types) places.set(name, [...(places.get(name) ?? []), path]);
  return [...places]
    .filter(([, paths]) => paths.length > 1)
    .map(([name, paths]) => `${paths.join(' and ')} export a type called ${name}`);
};

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

/** The room that a file stands in: its folder within lib, or its own name at the top of lib. */
function roomOf(path: string): string {
  const within = path.replace(/^lib\//, '');
  const end = within.lastIndexOf('/');
  return end < 0 ? within.replace(/\.ts$/, '') : within.slice(0, end);
}
