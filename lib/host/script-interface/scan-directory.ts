import { realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { exists } from '../os/folders.ts';
import { readEntry } from '../os/process-table.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import type { ServiceSpec, Tree } from '../../model/tree.ts';
import { producerOf } from '../../model/tree.ts';
import { placeOf } from '../../system/image-path.ts';
import type { Names } from './service-folder.ts';
import { ServiceFolder } from './service-folder.ts';

/** The name of the folder within the runtime directory (s6-overlay v2). */
const folderName = 'services';

/** Its name under s6-overlay v3. */
const otherName = 'legacy-services';

/** The paths by which scripts that were written for s6-overlay v2 and v3 name it. They always mean the supervisor of the script. */
const conventional = [
  '/run/s6/services',
  '/var/run/s6/services',
  '/run/s6/legacy-services',
  '/run/service',
  '/var/run/service',
];

/**
 * The scan directory of s6: `services` in the runtime directory, with a folder for each service that has a directory.
 */
export class ScanDirectory {
  readonly #runtime: RuntimeDirectory;
  readonly #tree: () => Tree;
  readonly #folders = new Map<string, ServiceFolder>();

  constructor(runtime: RuntimeDirectory, tree: () => Tree) {
    this.#runtime = runtime;
    this.#tree = tree;
  }

  /**
   * Makes it, if it does not exist. Checks one of the folders only: they have the same age, so a cleaner removes them together.
   *
   * @throws the system's error when it cannot be made.
   */
  provide(): void {
    const [folder] = this.#folders.values();
    const isWhole = this.#runtime.holds(folderName);
    if (isWhole && folder?.isGone() !== true && exists(this.#at('.s6-svscan'))) return;
    if (isWhole) this.#runtime.reportRestored(join(this.#runtime.path, folderName));
    this.#runtime.makeFolder(folderName);
    this.#runtime.makeFolder(join(folderName, '.s6-svscan'));
    this.#folders.clear();
    this.#linkByOtherName();
    this.update();
  }

  /** The name of s6-overlay v3, in a directory that the host's options name, unless the host has an entry of this name. */
  #linkByOtherName(): void {
    const path = join(this.#runtime.path, otherName);
    const isFree = this.#runtime.owns(otherName) || !exists(path);
    if (!this.#runtime.isPrivate && isFree) symlinkSync(folderName, this.#runtime.claim(otherName));
  }

  /** Makes and removes folders, so that they are those of the present services of the tree. */
  update(): void {
    if (!this.#runtime.holds(folderName)) return;
    const services = this.#tree().services;
    const directories = new Map(services.map((service) => [service.name, directoryOf(service)]));
    for (const [name, { directory }] of this.#folders) {
      if (directories.get(name) === directory) continue;
      rmSync(this.#at(name), { recursive: true, force: true });
      this.#folders.delete(name);
    }
    for (const [name, directory] of directories) {
      if (directory === undefined || this.#folders.has(name)) continue;
      this.#folders.set(name, new ServiceFolder(this.#at(name), directory));
    }
  }

  /** Shows what the directories of the services have got since. */
  refresh(): void {
    if (!this.#runtime.holds(folderName)) return;
    for (const folder of this.#folders.values()) folder.refresh();
  }

  /** The files of these names that scripts have changed in the folder of a service; see `ServiceFolder`. */
  changesOf(service: string, names: Names): ReadonlyMap<string, string | null> {
    try {
      return this.#folderOf(service)?.changes(names) ?? unchanged;
    } catch {
      return unchanged; // a cleaner has removed it
    }
  }

  isScanDirectory(path: string): boolean {
    const plain = resolve(path);
    if (this.#all().includes(plain)) return true;
    const { root } = this.#tree();
    const real = realPath(plain);
    return [
      join(this.#runtime.path, folderName),
      ...(root === undefined ? [] : [join(root, 'services.d')]),
    ]
      .map(realPath)
      .some((each) => each !== undefined && each === real);
  }

  serviceAt(path: string): string | undefined {
    const plain = resolve(path);
    const scan = this.#all().find((each) => plain.startsWith(`${each}/`));
    if (scan !== undefined) return nameWithin(plain.slice(scan.length + 1));
    const real = realPath(plain);
    if (real === undefined) return undefined;
    const own = realPath(join(this.#runtime.path, folderName));
    if (own !== undefined && real.startsWith(`${own}/`))
      return nameWithin(real.slice(own.length + 1));
    return this.#tree()
      .services.map((service) => nameIn(service, real))
      .find((name) => name !== undefined);
  }

  /** Makes or removes the `down` file of a service that has a directory. Does nothing while the scan directory does not exist. */
  setDown(name: string, down: boolean): void {
    if (this.#runtime.holds(folderName)) this.#folderOf(name)?.setDown(down);
  }

  isStopped(pid: number): boolean {
    return readEntry(String(pid))?.stopped === true;
  }

  #all(): readonly string[] {
    return [join(this.#runtime.path, folderName), ...conventional];
  }

  #at(name: string): string {
    return join(this.#runtime.path, folderName, name);
  }

  #folderOf(service: string): ServiceFolder | undefined {
    const producer = producerOf(service);
    return producer === undefined ? this.#folders.get(service) : this.#folders.get(producer)?.log;
  }
}

const unchanged: ReadonlyMap<string, string | null> = new Map();

/** The name of a service or its logger (`web`, `web/log`); `undefined` for a deeper path. */
function nameWithin(path: string): string | undefined {
  const [name, log, ...more] = path.split('/');
  if (name === undefined || more.length > 0) return undefined;
  if (log === undefined) return name;
  return log === 'log' ? `${name}/log` : undefined;
}

/** The name of a service, or of its logger, if `real` is its directory; `real` is a path without links. */
function nameIn(service: ServiceSpec, real: string): string | undefined {
  const directory = directoryOf(service);
  const own = directory === undefined ? undefined : realPath(directory);
  if (own === undefined) return undefined;
  if (own === real) return service.name;
  return join(own, 'log') === real ? service.logger?.name : undefined;
}

/** The directory of a service with a run script. */
function directoryOf({ run }: ServiceSpec): string | undefined {
  return 'script' in run ? placeOf(dirname(run.script)) : undefined;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
