import { isAbsolute } from 'node:path';
import { policies, someText, text } from '../schema/policies.ts';
import * as z from '../schema/schema.ts';
import { deathTally, descriptor, milliseconds, signalName } from '../schema/values.ts';

/** The name of a service or script: a valid file name, since it may become one. */
const name = z.lazily(() =>
  z.string().check(
    z.regex(/^[^/\0]+$/, "expected a name that is not empty and has no '/' and no NUL in it"),
    z.refine((it) => it !== '.' && it !== '..', "expected a name other than '.' and '..'"),
  ),
);

/** The name of a service, which becomes a folder in the scan directory; s6-svscan skips those that begin with a dot. */
const serviceName = z.lazily(() =>
  name().check(
    z.refine(
      (it) => !it.startsWith('.') || it === '.' || it === '..',
      'expected a name that does not begin with a dot: s6 skips those, and has files of its own among them',
    ),
    z.refine(
      (it) => Buffer.byteLength(it) <= longestFileName,
      `expected a name of at most ${String(longestFileName)} bytes, as files have`,
    ),
  ),
);

/** NAME_MAX of Linux, in bytes. */
const longestFileName = 255;

const path = z.lazily(() => someText().check(z.refine(isAbsolute, 'expected an absolute path')));

const words = z.lazily(() =>
  z.array(text()).check(
    z.minLength(1, 'expected the words of a command line, at least one'),
    z.refine(([first]) => first !== '', { path: [0], error: 'expected a program' }),
  ),
);

const program = z.lazily(() =>
  z.pipe(
    z.transform((it: unknown) => (Array.isArray(it) ? { command: it as unknown[] } : it)),
    z.union(
      [
        z.strictObject({ script: path() }),
        z.strictObject({
          command: words(),
          directory: z.optional(someText()),
        }),
      ],
      'expected the words of a command line, { command } or { script }',
    ),
  ),
);

const serviceFields = z.lazily(() => ({
  run: program(),
  finish: z.optional(program()),
  ...policies(),
  notificationFd: z.optional(descriptor()),
  killTimeout: z.optional(milliseconds()),
  finishTimeout: z.optional(milliseconds()),
  upTimeout: z.optional(milliseconds()),
  downTimeout: z.optional(milliseconds()),
  reloadSignal: z.optional(signalName()),
  maxDeathTally: z.optional(deathTally()),
  flagTimeoutKillpg: z.optional(z.boolean()),
  lockFd: z.optional(descriptor()),
}));

const service = z.lazily(() =>
  z.strictObject({
    name: serviceName(),
    ...serviceFields(),
    logger: z.optional(
      z.strictObject({
        name: z.optional(z.string()),
        ...serviceFields(),
        logger: z.optional(z.undefined('expected nothing: a logger has no logger of its own')),
      }),
    ),
  }),
);

const script = z.lazily(() => z.strictObject({ name: name(), run: program() }));

const mode = z.lazily(() => z.optional(z.number().check(z.int(), z.gte(0), z.lte(0o7777))));

const rule = z.lazily(() =>
  z.strictObject({
    source: z.string(),
    line: z.number().check(z.int(), z.gte(1)),
    path: someText(),
    recurse: z.boolean(),
    account: someText(),
    fileMode: mode(),
    folderMode: mode(),
  }),
);

/** The fields of a tree with their defaults; the names are not compared with each other yet. */
export const treeSchema = z.lazily(() =>
  z.strictObject({
    root: z.optional(path()),
    fixAttrs: z.withDefault(z.array(rule()), []),
    init: z.withDefault(z.array(script()), []),
    services: z.withDefault(z.array(service()), []),
    finish: z.withDefault(z.array(script()), []),
  }),
);
