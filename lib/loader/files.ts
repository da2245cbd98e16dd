/**
 * The port to a folder tree: all that the loader sees of one. It is synchronous, so that one reader serves disk and
 * literal. None of its methods throws, waits, leaves a descriptor open or changes anything.
 */
export interface Files {
  /** What a path leads to, links followed. */
  look(path: string): Entry;
  /** The names in a folder, in byte order. */
  list(path: string): Listing;
  /** The first bytes of a file, `limit` at most. To be asked of what `look` found to be a file. */
  read(path: string, limit: number): Content;
}

/** What a path leads to. `other` is neither file nor folder: a FIFO, a socket, a device. */
export type Entry =
  | {
      readonly kind: 'file';
      /** Whether anybody may execute it. */
      readonly executable: boolean;
      /** The size in bytes. */
      readonly size: number;
    }
  | { readonly kind: 'folder' | 'other' | 'missing' | 'dangling' | 'loop' }
  | Unreadable;

/** What a folder holds. */
export type Listing =
  | {
      readonly kind: 'names';
      readonly names: readonly string[];
      /** The names that are not valid UTF-8, with their odd bytes as `\xNN`. */
      readonly foreign: readonly string[];
    }
  | Unreadable;

/** What a file holds. */
export type Content = { readonly kind: 'bytes'; readonly bytes: Uint8Array } | Unreadable;

/** It is there, but cannot be read; `code` is the system's: EACCES, EIO, ENAMETOOLONG ... */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly code: string;
}
