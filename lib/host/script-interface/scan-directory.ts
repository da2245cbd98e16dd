import { realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { exists } from '../os/folders.ts';
import { readEntry } from '../os/process-table.ts';
import type { RuntimeDirectory } from '../directory/runtime-directory.ts';
import type { ServiceSpec, Tree } from '../../model/tree.ts';
import { serviceIn } from '../../model/tree.ts';

/** The name of the folder within the runtime directory (s6-overlay v2). */
const folderName = 'services';

/** The paths by which scripts that were written for s6-overlay v2 and v3 name it. They always mean the supervisor of the script. */
const conventional = [
  '/run/s6/services',
  '/var/run/s6/services',
  '/run/s6/legacy-services',
  '/run/service',
  '/var/run/service',
];

/**
 * The scan directory of s6: `services` in the runtime directory, with a link for each service to the directory of the service.
 */
export class ScanDirectory {
  readonly #runtime: RuntimeDirectory;
  readonly #tree: () => Tree;
  /** The target of each link. */
  readonly #links = new Map<string, string | undefined>();

  constructor(runtime: RuntimeDirectory, tree: () => Tree) {
    this.#runtime = runtime;
    this.#tree = tree;
  }

  /**
   * Makes it, if it does not exist. Checks one of the links only: they have the same age, so a cleaner removes them together.
   *
   * @throws the system's error when it cannot be made.
   */
  provide(): void {
    const [link] = [...this.#links].find(([, target]) => target !== undefined) ?? ['.s6-svscan'];
    const isWhole = this.#runtime.holds(folderName);
    if (isWhole && exists(join(this.#runtime.path, folderName, link))) return;
    if (isWhole) this.#runtime.reportRestored(join(this.#runtime.path, folderName));
    this.#runtime.makeFolder(folderName);
    this.#runtime.makeFolder(join(folderName, '.s6-svscan'));
    this.#links.clear();
    this.update();
  }

  /** Updates the links to the present services of the tree. */
  update(): void {
    if (!this.#runtime.holds(folderName)) return;
    const services = this.#tree().services;
    const targets = new Map(services.map((service) => [service.name, directoryOf(service)]));
    const outdated = [...this.#links].filter(([name, target]) => targets.get(name) !== target);
    for (const [name] of outdated) {
      rmSync(join(this.#runtime.path, folderName, name), { force: true });
      this.#links.delete(name);
    }
    for (const service of services) if (!this.#links.has(service.name)) this.#link(service);
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
    return this.#tree()
      .services.map((service) => nameIn(service, real))
      .find((name) => name !== undefined);
  }

  /** Makes or removes the `down` file of a service that has a directory. Does nothing while the scan directory does not exist. */
  setDown(name: string, down: boolean): void {
    if (!this.#runtime.holds(folderName)) return;
    const service = serviceIn(this.#tree(), name);
    const directory = service === undefined ? undefined : directoryOf(service);
    if (directory === undefined) return;
    const file = join(directory, 'down');
    if (!down) rmSync(file, { force: true });
    // An existing entry may be a FIFO, and opening that would block.
    else if (!exists(file)) writeFileSync(file, '', { flag: 'a' });
  }

  isStopped(pid: number): boolean {
    return readEntry(String(pid))?.stopped === true;
  }

  #all(): readonly string[] {
    return [join(this.#runtime.path, folderName), ...conventional];
  }

  #link(service: ServiceSpec): void {
    const directory = directoryOf(service);
    if (directory === undefined) return;
    symlinkSync(directory, join(this.#runtime.path, folderName, service.name));
    this.#links.set(service.name, directory);
  }
}

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
  return 'script' in run ? dirname(run.script) : undefined;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
