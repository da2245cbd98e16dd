import type { Clock } from '../engine/clock.ts';
import type { Spawner } from '../engine/spawner.ts';
import { isProfileName } from '../loader/profile.ts';
import { output, policies, someText } from '../schema/policies.ts';
import * as z from '../schema/schema.ts';
import { milliseconds } from '../schema/values.ts';

const serviceOptions = z.lazily(() =>
  z.strictObject({
    ...policies(),
    killTimeout: z.optional(milliseconds()),
    finishTimeout: z.optional(milliseconds()),
  }),
);

const clockMethods = ['now', 'at'];
const spawnerMethods = ['spawn', 'closePipe', 'close'];

function hasMethods(value: unknown, methods: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((name) => typeof Reflect.get(value, name) === 'function')
  );
}

const clock = z.lazily(() =>
  z.custom<Clock>(
    (value) => hasMethods(value, clockMethods),
    `expected an object with the methods ${clockMethods.join(', ')}`,
  ),
);

const spawner = z.lazily(() =>
  z.custom<Spawner | 'native' | 'node'>(
    (value) => value === 'native' || value === 'node' || hasMethods(value, spawnerMethods),
    `expected 'native', 'node' or an object with the methods ${spawnerMethods.join(', ')}`,
  ),
);

/** A record as a map of its own entries, so that `__proto__` is a name like any other. */
function entriesOf(value: unknown): unknown {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? new Map(Object.entries(value)) : value;
}

/** The schema of the supervisor's options. */
export const optionsSchema = z.lazily(() =>
  z.strictObject({
    onInitFailure: z.optional(z.enum(['continue', 'warn', 'stop'])),
    services: z.optional(z.pipe(z.transform(entriesOf), z.map(z.string(), serviceOptions()))),
    output: z.optional(output()),
    logging: z.optional(z.union([z.literal(0), z.literal(1), z.literal(2)])),
    loggingDirectory: z.optional(someText()),
    loggingScript: z.optional(someText()),
    profile: z.optional(
      z.string().check(z.refine(isProfileName, 'expected a name that is one component of a path')),
    ),
    strict: z.optional(z.boolean()),
    keepEnvironment: z.optional(z.boolean()),
    runtimeDirectory: z.optional(someText()),
    timeouts: z.optional(
      z.partial(
        z.strictObject({
          init: milliseconds(),
          readiness: milliseconds(),
          services: milliseconds(),
          finish: milliseconds(),
          kill: milliseconds(),
        }),
      ),
    ),
    fixHiddenAttrs: z.optional(z.boolean()),
    guard: z.optional(z.boolean()),
    reap: z.optional(z.boolean()),
    syncDisks: z.optional(z.boolean()),
    readOnlyRoot: z.optional(z.boolean()),
    clock: z.optional(clock()),
    spawner: z.optional(spawner()),
  }),
);
