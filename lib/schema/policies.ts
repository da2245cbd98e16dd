import { milliseconds, signalName } from './values.ts';
import { fitsArgument, longestArgument } from '../model/argument-limit.ts';
import { backoffDefaults } from '../model/tree.ts';
import * as z from './schema.ts';

const limit = `at most ${String(longestArgument)} bytes`;

/** A string that can be passed to a process. */
export const text = z.lazily(() =>
  z
    .string()
    .check(
      z.regex(/^[^\0]*$/, 'expected a string without NUL'),
      z.refine(fitsArgument, `expected ${limit} with its NUL`),
    ),
);

/** The same, and not empty. */
export const someText = z.lazily(() =>
  text().check(z.minLength(1, 'expected a string that is not empty')),
);

/** Where output goes. */
export const output = z.lazily(() => z.enum(['inherit', 'lines', 'ignore']));

const variableName = z.lazily(() =>
  z.string().check(z.regex(/^[^=\0]+$/, "expected a name without '=' and NUL")),
);

/** Variables that a process can be given. */
const environment = z.lazily(() =>
  z.record(variableName(), text()).check(({ value, issues }) => {
    for (const [name, input] of Object.entries(value)) {
      if (fitsArgument(`${name}=${input}`) || !fitsArgument(input)) continue;
      const message = `expected ${limit} with its name, '=' and NUL`;
      issues.push({ code: 'custom', path: [name], input, message });
    }
  }),
);

const backoff = z.lazily(() =>
  z.strictObject({
    first: milliseconds(),
    factor: z.withDefault(z.number().check(z.gte(1)), backoffDefaults.factor),
    cap: z.withDefault(milliseconds(), backoffDefaults.cap),
    reset: z.withDefault(milliseconds(), backoffDefaults.reset),
    limit: z.optional(
      z.strictObject({ deaths: z.number().check(z.int(), z.gte(1)), within: milliseconds() }),
    ),
  }),
);

/**
 * The fields that may be given for a service in a tree that is made in code, and for any service in the supervisor's
 * options.
 */
export const policies = z.lazily(() => ({
  down: z.optional(z.boolean()),
  downSignal: z.optional(signalName()),
  restart: z.optional(z.enum(['always', 'on-failure', 'never'])),
  essential: z.optional(z.boolean()),
  backoff: z.optional(backoff()),
  output: z.optional(output()),
  user: z.optional(someText()),
  environment: z.optional(environment()),
}));
