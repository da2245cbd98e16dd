import * as z from 'zod/mini';
import english from 'zod/v4/locales/en.js';
import { didYouMean, nearest } from '../model/nearest.ts';

// For `import * as z`: an object `z` would add all of zod to the bundle.
export * from 'zod/mini';
export { _default as withDefault } from 'zod/mini';

/**
 * zod/mini has no messages of its own. The locale is not configured, since a configuration is shared by every user of
 * zod in the process.
 */
const { localeError: words } = english();

/** One mismatch between a value and its schema. */
export interface Issue {
  /** The place in the value: `services[0].run`; empty for the value itself. */
  readonly path: string;
  /** What was expected there, and what was found. */
  readonly text: string;
}

/** Parses a value. With `showInput` the faults show the found value, otherwise its type. */
export function parse<Schema extends z.core.$ZodType>(
  schema: Schema,
  value: unknown,
  { showInput = false } = {},
): z.core.util.SafeParseResult<z.core.output<Schema>> {
  return z.safeParse(schema, value, { error: words, reportInput: showInput });
}

/** The faults of a value. */
export function issuesOf(error: z.core.$ZodError): readonly Issue[] {
  return error.issues.flatMap((issue) => faults(issue, []));
}

/** The faults of a value, in plain lines: `services[0].run: expected array, got 5`. */
export function explain(error: z.core.$ZodError): readonly string[] {
  return issuesOf(error).map(({ path, text }) => (path === '' ? text : `${path}: ${text}`));
}

/** An object with these keys and no others; an unknown key is reported together with the nearest known one. */
export function strictObject<Shape extends z.core.$ZodShape>(
  shape: Shape,
): z.ZodMiniObject<z.core.util.Writeable<Shape>, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownKey(key, known)).join('; ')
        : undefined,
  });
}

/**
 * A function that makes a value at its first call, and returns the same one later. Schemas take milliseconds to build,
 * and an import alone need not cost them.
 */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => (made ??= { it: make() }).it;
}

/** A value as an error message shows it: on one line, and shortened. */
export function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : plain(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}...` : text;
}

/** The most characters of a value that a message shows; more would hide the message itself. */
const longestShown = 60;

type Path = readonly PropertyKey[];

function faults(issue: z.core.$ZodIssue, above: Path): readonly Issue[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union') {
    const meant = meantBranch(issue.errors);
    if (meant !== undefined) return meant.flatMap((inner) => faults(inner, path));
  }
  return [{ path: place(path), text: wording(issue) }];
}

/**
 * The alternative that the value was meant to match; `undefined` when the value is of another kind than each of them.
 */
function meantBranch(
  branches: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | undefined {
  return branches.find((issues) => !issues.some(isOfAnotherKind));
}

/** Whether the value has another type, or one of its keys is missing. */
function isOfAnotherKind({ code, path, input }: z.core.$ZodIssue): boolean {
  return (
    code === 'invalid_type' && (path.length === 0 || (path.length === 1 && input === undefined))
  );
}

function wording(issue: z.core.$ZodIssue): string {
  const told = (issue.code === 'invalid_key' ? issue.issues[0] : undefined) ?? issue;
  const message = told.message.replace(/^[A-Z][a-z ]*: (?=expected|must)/, '');
  const near = nearIn(told);
  const hint = near === undefined ? '' : `.${didYouMean(near)}`;
  if (!('input' in issue) || issue.code === 'unrecognized_keys') {
    return `${message.replace(/, received (\w+)$/, ', got $1')}${hint}`;
  }
  return `${message.replace(/, received \w+$/, '')}, got ${show(issue.input)}${hint}`;
}

/** The valid value that is nearest to the found one: of an enumeration, or as the `near` of a custom schema says. */
function nearIn(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'invalid_value') return nearest(issue.input, issue.values.map(String));
  const near: unknown = issue.code === 'custom' ? issue.params?.['near'] : undefined;
  return typeof near === 'function' ? (near as Near)(issue.input) : undefined;
}

/** Finds the valid value that is nearest to an invalid one: `params: { near }` of a custom schema. */
export type Near = (value: unknown) => string | undefined;

/** Keys of 0.1.0, with their present names. */
const renamed: Readonly<Record<string, string>> = {
  timeoutKill: 'killTimeout',
  timeoutFinish: 'finishTimeout',
  timeoutUp: 'upTimeout',
  timeoutDown: 'downTimeout',
};

function unknownKey(key: string, known: readonly string[]): string {
  const present = Object.hasOwn(renamed, key) ? renamed[key] : undefined;
  const guess = present !== undefined && known.includes(present) ? present : nearest(key, known);
  const hint = guess === undefined ? ` Known are: ${known.join(', ')}.` : didYouMean(guess);
  return `unknown key ${show(key)}.${hint}`;
}

function place(path: Path): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${String(key)}]`;
      const name = String(key);
      if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `[${show(name)}]`;
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

function plain(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : `a ${typeof value}`;
}
