import { TreeError } from '../../errors.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';
import type { Content, Entry, Files, Listing } from './files.ts';

/** A folder tree as an object literal: paths such as `services.d/web/run`, each with its entry. */
export type TreeFiles = Readonly<Record<string, string | FileSpec>>;

/** The entry at one path of a literal tree; a plain string is a file with that content and mode 0755. */
export type FileSpec = LiteralFile | LiteralLink | LiteralFolder;

/** A file. */
export interface LiteralFile {
  /** Default: empty. */
  readonly content?: string | Uint8Array;
  /** Default: 0o755, so that scripts can be executed. */
  readonly mode?: number;
}

/** A symbolic link. */
export interface LiteralLink {
  /**
   * The path that it leads to: relative to its own folder, or absolute. In `treeOf` nothing exists outside the literal.
   */
  readonly link: string;
}

/** A folder; only an empty one, or one with an unusual mode, needs an entry. */
export interface LiteralFolder {
  /** The discriminator. */
  readonly folder: true;
  /** Default: an existing folder keeps its mode, a new one has 0o755. */
  readonly mode?: number;
}

/** The entry at one path, links not followed. */
export type LiteralNode =
  | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'folder'; readonly mode?: number; readonly names: Map<string, LiteralNode> };

/** The folder that contains the paths of a literal tree. */
export const literalRoot = '/tree';

/** The mode of files and folders that do not give one. */
export const literalMode = 0o755;

/**
 * Builds the folder tree that a literal describes.
 *
 * @throws TreeError when a path leaves the folder, is not a plain path, or goes through an entry that is not a folder.
 */
export function literalTree(files: TreeFiles): LiteralNode {
  const problems: Problem[] = [];
  const root = folder();
  for (const [path, spec] of Object.entries(files)) {
    const why = isPlain(path) ? place(root, path.split('/'), nodeOf(spec)) : plainPath;
    if (why !== undefined) problems.push(problem('tree-invalid', path, why));
  }
  if (problems.length > 0) throw new TreeError('literal', problems);
  return root;
}

/** A literal tree as the loader sees it, under `literalRoot`. */
export function literalFiles(files: TreeFiles): Files {
  const tree = folder();
  tree.names.set(literalRoot.slice(1), literalTree(files));
  return {
    look: (path) => entryOf(find(tree, path)),
    list: (path) => listingOf(find(tree, path)),
    *listInSteps(path) {
      yield;
      return listingOf(find(tree, path));
    },
    read: (path, limit) => contentOf(find(tree, path), limit),
  };
}

type Folder = Extract<LiteralNode, { kind: 'folder' }>;
type Found = Exclude<LiteralNode, { kind: 'link' }> | 'missing' | 'dangling' | 'loop';

const plainPath = "expected a relative path without empty, '.' or '..' segments";

/** The largest number of links on one path; the kernel's own limit. */
const mostLinks = 40;

function folder(mode?: number): Folder {
  return { kind: 'folder', ...(mode !== undefined && { mode }), names: new Map() };
}

function isPlain(path: string): boolean {
  return !path.includes('\0') && path.split('/').every((part) => !['', '.', '..'].includes(part));
}

function nodeOf(spec: string | FileSpec): LiteralNode {
  if (typeof spec === 'string') return nodeOf({ content: spec });
  if ('link' in spec) return { kind: 'link', target: spec.link };
  if ('folder' in spec) return folder(spec.mode);
  const { content = '', mode = literalMode } = spec;
  return { kind: 'file', bytes: Buffer.from(content), mode };
}

/** Puts a node in its place. Returns what prevents that, if something does. */
function place(root: Folder, path: readonly string[], node: LiteralNode): string | undefined {
  let at = root;
  for (const name of path.slice(0, -1)) {
    const next = at.names.get(name) ?? folder();
    if (next.kind !== 'folder') return `'${name}' is a ${next.kind} here, so nothing can be in it`;
    at.names.set(name, next);
    at = next;
  }
  const name = path.at(-1) ?? '';
  const there = at.names.get(name);
  if (there === undefined) {
    at.names.set(name, node);
    return undefined;
  }
  if (there.kind !== 'folder' || node.kind !== 'folder') {
    return `'${name}' is a folder here, for other paths are in it`;
  }
  at.names.set(name, { ...node, names: there.names });
  return undefined;
}

/** The state of a walk along a path. */
interface Walk {
  /** The folders from the top to the present position. */
  readonly trail: Folder[];
  /** The segments that remain. */
  readonly ahead: string[];
  links: number;
  /** Whether the path itself, not only something on the way, is a link. */
  endsInLink: boolean;
}

/** Walks a path, links followed, as the kernel does. */
function find(tree: Folder, path: string): Found {
  const walk: Walk = { trail: [tree], ahead: segments(path), links: 0, endsInLink: false };
  for (let name = walk.ahead.shift(); name !== undefined; name = walk.ahead.shift()) {
    const found = step(walk, name);
    if (found !== undefined) return found;
  }
  return walk.trail.at(-1) ?? tree;
}

/** One step of a walk. Returns the result once the walk is over. */
function step(walk: Walk, name: string): Found | undefined {
  const { trail, ahead } = walk;
  if (name === '..') {
    if (trail.length > 1) trail.pop();
    return undefined;
  }
  const node = trail.at(-1)?.names.get(name);
  if (node?.kind === 'link') return follow(walk, node.target);
  if (node?.kind === 'file' && ahead.length === 0) return node;
  if (node?.kind !== 'folder') return walk.endsInLink ? 'dangling' : 'missing';
  trail.push(node);
  return undefined;
}

function follow(walk: Walk, target: string): 'loop' | undefined {
  walk.links += 1;
  if (walk.links > mostLinks) return 'loop';
  if (walk.ahead.length === 0) walk.endsInLink = true;
  walk.ahead.unshift(...segments(target));
  if (target.startsWith('/')) walk.trail.length = 1;
  return undefined;
}

function segments(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function entryOf(found: Found): Entry {
  if (typeof found === 'string') return { kind: found };
  if (found.kind === 'folder') return { kind: 'folder' };
  return { kind: 'file', executable: (found.mode & 0o111) !== 0, size: found.bytes.length };
}

function listingOf(found: Found): Listing {
  if (typeof found === 'string') return { kind: 'unreadable', code: 'ENOENT' };
  if (found.kind !== 'folder') return { kind: 'unreadable', code: 'ENOTDIR' };
  const names = [...found.names.keys()]
    .map((name) => Buffer.from(name))
    .toSorted((one, other) => one.compare(other));
  return { kind: 'names', names: names.map(String), foreign: [] };
}

function contentOf(found: Found, limit: number): Content {
  if (typeof found === 'string') return { kind: 'unreadable', code: 'ENOENT' };
  if (found.kind !== 'file') return { kind: 'unreadable', code: 'EISDIR' };
  return { kind: 'bytes', bytes: found.bytes.subarray(0, limit) };
}
