/**
 * The port to a folder tree: the loader accesses one only by it. It is synchronous, so that one reader serves both disk
 * and literal trees. None of its methods throws, waits, leaves a descriptor open or changes anything.
 */
export interface Files {
  /** The entry that a path leads to, links followed. */
  look(path: string): Entry;
  /** The names in a folder, in byte order. With `wanted`, names that are not among these may be missing. */
  list(path: string, wanted?: readonly string[]): Listing;
  /** Lists a folder that may have very many names as `list` does, in steps of some milliseconds. */
  listInSteps(path: string): Generator<undefined, Listing, undefined>;
  /** The first bytes of a file, at most `limit`. Only for a path at which `look` found a file. */
  read(path: string, limit: number): Content;
}

/** The entry that a path leads to. `other` is neither file nor folder: a FIFO, a socket, a device. */
export type Entry =
  | {
      readonly kind: 'file';
      /** Whether it is executable by the owner, the group or others. */
      readonly executable: boolean;
      /** The size in bytes. */
      readonly size: number;
    }
  | { readonly kind: 'folder' | 'other' | 'missing' | 'dangling' | 'loop' }
  | Unreadable;

/** The contents of a folder. */
export type Listing =
  | {
      readonly kind: 'names';
      readonly names: readonly string[];
      /** The names that are not valid UTF-8, with their invalid bytes as `\xNN`. */
      readonly foreign: readonly string[];
    }
  | Unreadable;

/** The contents of a file. */
export type Content = { readonly kind: 'bytes'; readonly bytes: Uint8Array } | Unreadable;

/** It exists, but cannot be read; `code` is the system's: EACCES, EIO, ENAMETOOLONG ... */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly code: string;
}
