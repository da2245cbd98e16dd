import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { OptionsError } from '../../errors.ts';
import { didYouMean, nearest } from '../../model/nearest.ts';
import type { Program } from '../../model/program.ts';
import type { ServiceSpec } from '../../model/tree.ts';
import type { Supervisor } from '../../supervisor/supervisor.ts';

/** What the names of a tree under test are found from. */
export interface NameSources {
  readonly supervisor: Supervisor;
  /** The paths of the tree's files as they are now; its services may not have been read from them yet. */
  readonly paths: () => readonly string[];
  /** The services and scripts that the test adds later. */
  readonly addedLater: readonly string[];
}

/** The names that a tree under test has, or can have once it is read again: a name that is none of them is a mistake. */
export class TreeNames {
  readonly #sources: NameSources;

  constructor(sources: NameSources) {
    this.#sources = sources;
  }

  /** The names of the services, loggers included. */
  get services(): readonly string[] {
    const { supervisor, paths, addedLater } = this.#sources;
    const inFiles = paths().flatMap((path) => namesIn(path).services);
    const later = addedLater.flatMap((name) => [name, `${name}/log`]);
    return [...new Set([...supervisor.services.keys(), ...inFiles, ...later])];
  }

  /** The names of the children: services, finish scripts, scripts and the host's command. */
  get children(): readonly string[] {
    const { supervisor, paths, addedLater } = this.#sources;
    const { init, services, finish } = supervisor.tree;
    const names = [
      ...supervisor.services.keys(),
      ...services.flatMap(childrenOf),
      ...[...init, ...finish].flatMap(({ name, run }) => scriptNames(name, run)),
      'command',
      ...paths().flatMap((path) => namesIn(path).children),
      ...addedLater.flatMap((name) => [
        name,
        `${name}/finish`,
        `${name}/log`,
        `${name}/log/finish`,
      ]),
    ];
    return [...new Set(names)];
  }

  /** @throws OptionsError when no child can have this name; the message has the nearest one. */
  requireChild(name: string): void {
    const known = this.children;
    if (known.includes(name)) return;
    const near = nearest(name, known);
    const hint = didYouMean(near);
    const remedy = 'Name what the test adds later in the option `addedLater`.';
    throw new OptionsError(
      `The tree has no process '${name}'.${hint} There are: ${known.join(', ')}. ${remedy}`,
    );
  }

  /** Whether a service of this name exists or can come: the init scripts, which may add services, have not all run yet. */
  canHave(service: string): boolean {
    const { supervisor } = this.#sources;
    const isBefore = supervisor.phase === 'loaded' || supervisor.phase === 'initializing';
    if (isBefore && supervisor.tree.init.length > 0) return true;
    return supervisor.services.has(service) || this.services.includes(service);
  }
}

/** The names of a script, the most precise one first. */
export function scriptNames(name: string, program: Program): readonly string[] {
  if (!('script' in program)) return [name];
  return [`${basename(dirname(program.script))}/${name}`, name];
}

/** The paths of the files in a folder; none when it cannot be read. */
export function pathsIn(root: string): readonly string[] {
  try {
    return readdirSync(root, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
}

function childrenOf({ name, finish, logger }: ServiceSpec): readonly string[] {
  return [
    name,
    ...(finish === undefined ? [] : [`${name}/finish`]),
    ...(logger === undefined ? [] : childrenOf(logger)),
  ];
}

/** The names that the path of a file gives to services and to children. */
function namesIn(path: string): {
  readonly services: readonly string[];
  readonly children: readonly string[];
} {
  const [, folder, script] = /(?:^|\/)(cont-init\.d|cont-finish\.d)\/([^/]+)$/.exec(path) ?? [];
  if (folder !== undefined && script !== undefined) {
    return { services: [], children: [`${folder}/${script}`, script] };
  }
  const [, name, rest = ''] = /(?:^|\/)services\.d\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
  if (name === undefined) return { services: [], children: [] };
  const services = rest === 'log' || rest.startsWith('log/') ? [name, `${name}/log`] : [name];
  const isFinish = rest === 'finish' || rest === 'log/finish';
  return { services, children: isFinish ? [...services, `${name}/${rest}`] : services };
}
