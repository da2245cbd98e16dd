import { milliseconds, signalName } from './values.ts';
import { backoffDefaults } from '../model/tree.ts';
import { strict, z } from '../schema.ts';

/** A string that a process can be given. */
export const text = z.string().regex(/^[^\0]*$/, 'expected a string without NUL');

/** The same, and not empty. */
export const someText = text.min(1, 'expected a string that is not empty');

/** Where output goes. */
export const output = z.enum(['inherit', 'lines', 'ignore']);

const variableName = z.string().regex(/^[^=\0]+$/, "expected a name without '=' and NUL");

const backoff = strict({
  first: milliseconds,
  factor: z.number().min(1).default(backoffDefaults.factor),
  cap: milliseconds.default(backoffDefaults.cap),
  reset: milliseconds.default(backoffDefaults.reset),
  limit: strict({ deaths: z.number().int().min(1), within: milliseconds }).optional(),
});

/** What may be said of a service in a tree that is made in code, and of any service in the supervisor's options. */
export const policies = {
  down: z.boolean().optional(),
  downSignal: signalName.optional(),
  restart: z.enum(['always', 'on-failure', 'never']).optional(),
  essential: z.boolean().optional(),
  backoff: backoff.optional(),
  output: output.optional(),
  user: someText.optional(),
  environment: z.record(variableName, text).optional(),
};
