import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { exists } from '../os/folders.ts';
import { execlineFolder } from '../shims/programs.ts';

/** The runtime directory of s6-overlay, the only one of which scripts know the path. */
const overlayDirectory = '/run/s6';

/** The file in the runtime directory that lists what was made: a life that is killed removes nothing, and the next one does. */
const listName = '.stagekeeper-links';

/** The folders where programs of an image are. */
const programFolders = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
];

/** Whether the supervisor with this runtime directory makes the links: as process 1, and if it can write to the root. */
export function makesLinks(runtime: string): boolean {
  return process.pid === 1 && runtime === overlayDirectory && isWritable('/');
}

/** The packages of s6-overlay v3 whose programs scripts call. */
const packages = ['execline', 's6', 's6-overlay', 's6-portable-utils'];

/** A link that was made, or a folder for one. */
interface Made {
  readonly path: string;
  /** `undefined`: a folder. */
  readonly target: string | undefined;
  readonly inode: number;
}

/**
 * The links of s6-overlay outside the runtime directory: `/command`, `/run/service`, the programs in `/usr/bin` and others. Scripts
 * call programs by these paths, and the kernel resolves them in interpreter lines of helper scripts. Nothing that exists is replaced,
 * and exactly what was made is removed, by this life or by the one before, if that was killed.
 */
export class OutsideLinks {
  readonly #runtime: string;
  readonly #root: string;
  readonly #list: string;
  #made: Made[] | undefined;
  /** What the life before has left, by its path; `null`: a folder. */
  #former: ReadonlyMap<string, string | null> = new Map();

  /** @param root - The folder that stands for `/`, for tests. */
  constructor(runtime: string, root = '/') {
    this.#runtime = runtime;
    this.#root = root;
    this.#list = join(runtime, listName);
  }

  /** Makes the links, once. The programs must be in the runtime directory. Never throws. */
  provide(): void {
    if (this.#made !== undefined) return;
    this.#made = [];
    this.#former = listedIn(this.#list);
    const bin = join(this.#runtime, 'bin');
    const own = namesIn(bin);
    this.#link('/command', bin);
    for (const name of packages) this.#link(`/package/admin/${name}/command`, bin);
    this.#link('/run/service', join(this.#runtime, 'services'));
    this.#link('/var/run/service', join(this.#runtime, 'services'));
    this.#link('/var/run/s6', this.#runtime);
    for (const name of own)
      if (!this.#isInstalled(name)) this.#link(`/usr/bin/${name}`, join(bin, name));
    for (const name of ['with-contenv', 'execlineb']) this.#linkBoth(name, bin);
    this.#addInstalled(bin);
    const made = this.#made.map(({ path, target }) => [path, target ?? null]);
    tryTo(() => {
      writeFileSync(this.#list, JSON.stringify(made));
    });
  }

  /** Removes what was made and is still the same. Never throws. */
  remove(): void {
    for (const { path, target, inode } of this.#made?.toReversed() ?? []) {
      try {
        if (lstatSync(path).ino !== inode) continue;
        if (target === undefined) rmdirSync(path);
        else if (readlinkSync(path) === target) unlinkSync(path);
      } catch {
        // It was removed or replaced, or another entry is in the folder.
      }
    }
    if (this.#made !== undefined) rmSync(this.#list, { force: true });
    this.#made = undefined;
  }

  /** Interpreter lines name both `/usr/bin` and `/bin`, which are one folder on some systems. */
  #linkBoth(name: string, bin: string): void {
    const there = [join(bin, name), ...programFolders.map((folder) => join(folder, name))];
    const target = there.find(
      (path) => exists(this.#at(path)) || (path.startsWith(bin) && exists(path)),
    );
    if (target === undefined) return;
    for (const folder of ['/usr/bin', '/bin']) this.#link(join(folder, name), target);
  }

  /** Links to the installed programs of s6 and execline, for `/command`. They go with the folder. */
  #addInstalled(bin: string): void {
    for (const folder of [execlineFolder, ...programFolders]) {
      const all = namesIn(this.#at(folder));
      const names =
        folder === execlineFolder ? all : all.filter((name) => /^s6-|^execlineb$/.test(name));
      for (const name of names)
        tryTo(() => {
          symlinkSync(join(folder, name), join(bin, name));
        });
    }
  }

  #isInstalled(name: string): boolean {
    return programFolders.some((folder) => exists(this.#at(join(folder, name))));
  }

  #link(name: string, target: string): void {
    const path = this.#at(name);
    tryTo(() => {
      const isOfFormer = this.#former.get(path) === target && isLinkTo(path, target);
      if (exists(path) && !isOfFormer) return;
      if (name.startsWith('/package/')) this.#makeFolders(dirname(path));
      if (!isOfFormer) symlinkSync(target, path);
      this.#made?.push({ path, target, inode: lstatSync(path).ino });
    });
  }

  #makeFolders(path: string): void {
    const isThere = exists(path);
    if (isThere && this.#former.get(path) !== null) return;
    this.#makeFolders(dirname(path));
    if (!isThere) mkdirSync(path, { mode: 0o755 });
    this.#made?.push({ path, target: undefined, inode: lstatSync(path).ino });
  }

  #at(path: string): string {
    return join(this.#root, path);
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A link that cannot be made, or exists already, is left out. */
function tryTo(act: () => void): void {
  try {
    act();
  } catch {
    // The folder does not exist, is read-only, or has an entry of that name.
  }
}

function isLinkTo(path: string, target: string): boolean {
  try {
    return readlinkSync(path) === target;
  } catch {
    return false;
  }
}

/** What a list says was made; nothing, if there is none. */
function listedIn(list: string): ReadonlyMap<string, string | null> {
  try {
    return new Map(JSON.parse(readFileSync(list, 'utf8')) as [string, string | null][]);
  } catch {
    return new Map();
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
