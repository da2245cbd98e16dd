import { parseSignal, signalNames } from '../model/exit.ts';
import { nearest } from '../model/nearest.ts';
import * as z from './schema.ts';

/** A duration in milliseconds; s6 reads 32 bits. */
export const milliseconds = z.lazily(() => whole(0, 2 ** 32 - 1));

/**
 * A descriptor that a service is given. 0, 1 and 2 replace its stdin, stdout and stderr (s6). The highest is what Linux
 * allows a process by default (fs.nr_open).
 */
export const descriptor = z.lazily(() => whole(0, 2 ** 20 - 1));

/** How many ends of `run` are kept; 4096 is s6's own limit. */
export const deathTally = z.lazily(() => whole(0, 4096));

/** A signal by its full name. */
export const signalName = z.lazily(() =>
  z.custom<NodeJS.Signals>((value) => typeof value === 'string' && parseSignal(value) === value, {
    error: 'expected a signal such as "SIGTERM"',
    params: { near: nearestSignal },
  }),
);

/** The full name of a signal that is given by its number, its short name, or a name with a typing error. */
function nearestSignal(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).trim();
  const short = signalNames.map((name) => name.slice('SIG'.length));
  const near = nearest(text, signalNames) ?? nearest(text, short);
  return parseSignal(text) ?? (near === undefined ? undefined : parseSignal(near));
}

/** A whole number in a range, both ends included. */
function whole(least: number, most: number): z.ZodMiniNumber<number> {
  const error = `expected a whole number from ${String(least)} to ${String(most)}`;
  return z.number(error).check(z.int(error), z.gte(least, error), z.lte(most, error));
}
