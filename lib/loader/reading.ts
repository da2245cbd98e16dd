import { basename, join } from 'node:path';
import type { Problem, ProblemCode } from '../model/problem.ts';
import { problem } from '../model/problem.ts';
import { show } from '../schema/schema.ts';
import type { Entry, Files, Listing } from './files/files.ts';
import type { Host } from './host.ts';

/** The first call of a program in a place that does not exist, and how many further scripts have one. */
export interface MissingPlace {
  readonly script: string;
  readonly line: number;
  readonly program: string;
  more: number;
}

/** One reading of a tree: its inputs, and the problems found so far. */
export class Reading {
  readonly files: Files;
  /** The machine of which the tree may use programs and accounts; `null`: no checks against a machine. */
  readonly host: Host | null;
  /** All problems so far, in the order of the tree. */
  readonly problems: Problem[] = [];
  /** The places without the programs that scripts call there. */
  readonly missingPlaces = new Map<string, MissingPlace>();

  constructor(files: Files, host: Host | null) {
    this.files = files;
    this.host = host;
  }

  /** Adds a problem. Its message is a sentence with the name of `path` as its subject; `says` is the rest of it. */
  tell(
    code: ProblemCode,
    path: string,
    says: string,
    more: { readonly remedy: string; readonly line?: number },
  ): void {
    this.problems.push(problem(code, path, `${show(basename(path))} ${says}`, more));
  }

  /** Returns the entry at a path. A path that leads nowhere or cannot be read is reported, with the consequence. */
  look(path: string, consequence: string): Entry {
    const entry = this.files.look(path);
    switch (entry.kind) {
      case 'dangling':
        this.tell('link-dangling', path, `is a link that leads nowhere; ${consequence}`, {
          remedy: 'Make what it leads to, or remove the link.',
        });
        break;
      case 'loop':
        this.tell('link-loop', path, `is a link that leads back to itself; ${consequence}`, {
          remedy: 'Let it lead to a file or folder.',
        });
        break;
      case 'unreadable':
        this.tellUnreadable(path, entry.code, consequence);
        break;
      case 'file':
      case 'folder':
      case 'other':
      case 'missing':
    }
    return entry;
  }

  /**
   * The names in a folder, in byte order, without those that begin with a dot. Returns `undefined`, and reports it,
   * when the folder cannot be listed. With `wanted`, names that are not among these may be missing.
   */
  list(
    folder: string,
    consequence: string,
    wanted?: readonly string[],
  ): readonly string[] | undefined {
    return this.#visible(folder, consequence, this.files.list(folder, wanted));
  }

  /** The names in a folder that may have very many, as `list` returns them, in steps. */
  *listInSteps(
    folder: string,
    consequence: string,
  ): Generator<undefined, readonly string[], undefined> {
    const listing = yield* this.files.listInSteps(folder);
    return this.#visible(folder, consequence, listing) ?? [];
  }

  #visible(folder: string, consequence: string, listing: Listing): readonly string[] | undefined {
    if (listing.kind === 'unreadable') {
      this.tellUnreadable(folder, listing.code, consequence);
      return undefined;
    }
    for (const name of listing.foreign.filter(isVisible)) {
      this.tell('name-not-utf8', join(folder, name), 'is no name in UTF-8; it is left out', {
        remedy: 'Rename it.',
      });
    }
    return listing.names.filter(isVisible);
  }

  /**
   * The first bytes of a file that may be no longer than `bound`. Returns `undefined`, and reports it, when that is not
   * what the path leads to.
   */
  read(
    path: string,
    limits: { readonly bound: number; readonly first: number },
    consequence: string,
  ): Uint8Array | undefined {
    const entry = this.look(path, consequence);
    if (entry.kind === 'folder' || entry.kind === 'other') {
      this.tell('unreadable', path, `${noFile(entry.kind)}; ${consequence}`, {
        remedy: 'Put a file in its place.',
      });
    }
    if (entry.kind !== 'file') return undefined;
    if (entry.size > limits.bound) {
      const sizes = `is ${String(entry.size)} bytes long, more than ${String(limits.bound)}`;
      this.tell('file-too-large', path, `${sizes}; ${consequence}`, { remedy: 'Shorten it.' });
      return undefined;
    }
    const content = this.files.read(path, limits.first);
    if (content.kind === 'bytes') return content.bytes;
    this.tellUnreadable(path, content.code, consequence);
    return undefined;
  }

  /** Reports that something exists but cannot be read. */
  tellUnreadable(path: string, code: string, consequence: string): void {
    this.tell('unreadable', path, `cannot be read (${code}); ${consequence}`, {
      remedy:
        code === 'EACCES' ? 'Give the user that runs this the right to read it.' : 'Repair it.',
    });
  }
}

/** The part of a message that says what is in the place of a file. */
export function noFile(kind: 'folder' | 'other'): string {
  return kind === 'folder'
    ? 'is a folder where a file belongs'
    : 'is a FIFO, socket or device where a file belongs';
}

function isVisible(name: string): boolean {
  return !name.startsWith('.');
}
