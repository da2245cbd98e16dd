import { isAbsolute } from 'node:path';
import { policies, someText, text } from './policies.ts';
import { strict, z } from '../schema.ts';
import { deathTally, descriptor, milliseconds, signalName } from './values.ts';

/** The name of a service or script: a file name, for it may become one. */
const name = z
  .string()
  .regex(/^[^/\0]+$/, "expected a name that is not empty and has no '/' and no NUL in it")
  .refine((it) => it !== '.' && it !== '..', "expected a name other than '.' and '..'");

const path = someText.refine(isAbsolute, 'expected an absolute path');

const words = z
  .array(text)
  .min(1, 'expected the words of a command line, at least one')
  .refine(([first]) => first !== '', { path: [0], error: 'expected a program' });

const program = z.preprocess(
  (it) => (Array.isArray(it) ? { command: it as unknown[] } : it),
  z.union(
    [
      strict({ script: path }),
      strict({
        command: words,
        directory: someText.optional(),
      }),
    ],
    'expected the words of a command line, { command } or { script }',
  ),
);

const serviceFields = {
  run: program,
  finish: program.optional(),
  ...policies,
  notificationFd: descriptor.optional(),
  timeoutKill: milliseconds.optional(),
  timeoutFinish: milliseconds.optional(),
  timeoutUp: milliseconds.optional(),
  timeoutDown: milliseconds.optional(),
  reloadSignal: signalName.optional(),
  maxDeathTally: deathTally.optional(),
  flagTimeoutKillpg: z.boolean().optional(),
  lockFd: descriptor.optional(),
};

const service = strict({
  name,
  ...serviceFields,
  logger: strict({
    name: z.string().optional(),
    ...serviceFields,
    logger: z.undefined('expected nothing: a logger has no logger of its own').optional(),
  }).optional(),
});

const script = strict({ name, run: program });

const mode = z.number().int().min(0).max(0o7777).optional();

const rule = strict({
  source: z.string(),
  line: z.number().int().min(1),
  path: someText,
  recurse: z.boolean(),
  account: someText,
  fileMode: mode,
  folderMode: mode,
});

/** What may be said of a tree, and what it comes to; names are not compared with each other yet. */
export const treeSchema = strict({
  root: path.optional(),
  fixAttrs: z.array(rule).default([]),
  init: z.array(script).default([]),
  services: z.array(service).default([]),
  finish: z.array(script).default([]),
});
