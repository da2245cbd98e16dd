interface Manifest {
  readonly version?: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

interface Lock {
  readonly packages: Record<string, { readonly dev?: boolean }>;
}

/** The input for the lock of a project that installs the library from an archive. */
export interface ConsumerInput {
  /** The project's own package.json, without dependencies. */
  readonly manifest: unknown;
  /** The library's package.json. */
  readonly library: unknown;
  /** The library's package-lock.json. */
  readonly lock: unknown;
  /** The path of the library's archive. */
  readonly archive: string;
}

/** Types that a user's compiler needs beside the library. */
const types = ['@types/node', 'undici-types'];

/**
 * The manifest and the lock of a project that depends on the archive and on @types/node. All versions are those of the
 * repository's lock: the cache that `npm ci` has filled is enough, without a network.
 */
export function consumerLock(input: ConsumerInput): { manifest: object; lock: object } {
  const library = input.library as Manifest;
  const dependencyEntries = Object.entries((input.lock as Lock).packages).filter(
    ([path, { dev }]) =>
      path !== '' && (dev !== true || types.some((name) => path === `node_modules/${name}`)),
  );
  const source = `file:${input.archive}`;
  const manifest = {
    ...(input.manifest as object),
    dependencies: { stagekeeper: source },
    devDependencies: { '@types/node': library.devDependencies?.['@types/node'] },
  };
  const { version, dependencies } = library;
  const packages = {
    '': manifest,
    'node_modules/stagekeeper': { version, resolved: source, dependencies },
    ...Object.fromEntries(dependencyEntries),
  };
  return { manifest, lock: { lockfileVersion: 3, requires: true, packages } };
}
