import { join } from 'node:path';
import type { ProblemCode } from '../model/problem.ts';
import type { ServiceSpec } from '../model/tree.ts';
import type * as z from '../schema/schema.ts';
import { parse, issuesOf, show } from '../schema/schema.ts';
import { fields } from './fields.ts';
import type { Reading } from './reading.ts';

/** Reads the control files of a service directory. A file with an invalid value is reported, and its field left out. */
export function readControlFiles(
  reading: Reading,
  folder: string,
  names: ReadonlySet<string>,
): Partial<ServiceSpec> {
  const found: [keyof ServiceSpec, unknown][] = [];
  for (const [file, { field, schema }] of fields) {
    if (!names.has(file)) continue;
    const path = join(folder, file);
    const value =
      schema === undefined ? readFlag(reading, path) : readValue(reading, path, schema());
    if (value !== undefined) found.push([field, value]);
  }
  return Object.fromEntries(found);
}

/** The largest size of a control file, in bytes; a larger file is rejected. */
export const largestControlFile = 2 ** 20;

/** The most bytes of a value that are read; a value is a number or a name. */
const longestValue = 4096;

const consequence = 'the default holds';

function readFlag(reading: Reading, path: string): true | undefined {
  const { kind } = reading.look(path, consequence);
  return kind === 'file' || kind === 'folder' || kind === 'other' ? true : undefined;
}

function readValue(
  reading: Reading,
  path: string,
  schema: z.ZodMiniType<unknown, string>,
): unknown {
  const limits = { bound: largestControlFile, first: longestValue };
  const bytes = reading.read(path, limits, consequence);
  if (bytes === undefined) return undefined;
  const text = firstLine(bytes);
  const parsed = parse(schema, text);
  if (parsed.success) return parsed.data;
  const expected = issuesOf(parsed.error)[0]?.text ?? '';
  reading.tell(codeOf(parsed.error), path, `is ${show(text)}: ${expected}; ${consequence}`, {
    remedy: 'Correct the value, or remove the file.',
  });
  return undefined;
}

/** The value of a control file: its first line (s6), without the blanks around it. */
function firstLine(bytes: Uint8Array): string {
  const [line = ''] = new TextDecoder().decode(bytes).trim().split('\n', 1);
  return line.trim();
}

/** The problem code for an error of a field's schema, which concerns the form of a number, its range, or a signal. */
function codeOf(error: z.core.$ZodError): ProblemCode {
  const code = error.issues[0]?.code;
  if (code === 'invalid_format') return 'value-invalid';
  return code === 'custom' ? 'signal-unknown' : 'value-out-of-range';
}
