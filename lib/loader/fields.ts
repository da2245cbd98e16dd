import { parseSignal } from '../model/exit.ts';
import type { ServiceSpec } from '../model/tree.ts';
import * as z from '../schema/schema.ts';
import { deathTally, descriptor, milliseconds } from '../schema/values.ts';

/** A control file: the field of a service that it sets, and the schema of its value. */
export interface Field {
  readonly field: keyof ServiceSpec;
  /**
   * The schema of the file's first line. Absent: the file is a flag, which counts if it exists, whatever it contains.
   */
  readonly schema?: () => z.ZodMiniType<unknown, string>;
}

/** A signal by name, with or without SIG and in any case, or by number. */
const signal = z.lazily((): z.ZodMiniType<NodeJS.Signals, string> => {
  const parse = z.transform((text: string, { issues }) => {
    const name = parseSignal(text);
    if (name !== undefined) return name;
    const message = 'expected a signal such as TERM, SIGTERM or 15';
    issues.push({ code: 'custom', input: text, message });
    return z.NEVER;
  });
  return z.pipe(z.string(), parse);
});

/**
 * The control files of a service directory (s6's own, and s6-rc's `timeout-up` and `timeout-down`).
 *
 * A file that is not listed has no effect: `nosetsid` (every service gets a session of its own, as in s6 from 2.10 on),
 * the files of s6-rc and of s6's instances (`type`, `template`, `instance`), `data/` and `env/`, which s6 does not
 * interpret either, and `supervise/` and `event/`, which s6 itself creates.
 */
export const fields: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['down', flag('down')],
  ['notification-fd', value('notificationFd', numeral(descriptor))],
  ['timeout-kill', value('killTimeout', numeral(milliseconds))],
  ['timeout-finish', value('finishTimeout', numeral(milliseconds))],
  ['timeout-up', value('upTimeout', numeral(milliseconds))],
  ['timeout-down', value('downTimeout', numeral(milliseconds))],
  ['down-signal', value('downSignal', signal)],
  ['reload-signal', value('reloadSignal', signal)],
  ['max-death-tally', value('maxDeathTally', numeral(deathTally))],
  ['flag-timeout-killpg', flag('flagTimeoutKillpg')],
  ['lock-fd', value('lockFd', numeral(descriptor))],
]);

function flag(field: 'down' | 'flagTimeoutKillpg'): Field {
  return { field };
}

function value<Key extends keyof ServiceSpec>(
  field: Key,
  schema: () => z.ZodMiniType<NonNullable<ServiceSpec[Key]>, string>,
): Field {
  return { field, schema };
}

/** A number in decimal digits. */
function numeral(range: () => z.ZodMiniNumber<number>): () => z.ZodMiniType<number, string> {
  return z.lazily(() => {
    const digits = z.string().check(z.regex(/^\d+$/, 'expected a whole number'));
    return z.pipe(z.pipe(digits, z.transform(Number)), range());
  });
}
