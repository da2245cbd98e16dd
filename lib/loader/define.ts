import { TreeError } from '../errors.ts';
import type { Problem } from '../model/problem.ts';
import { problem } from '../model/problem.ts';
import type { Program } from '../model/program.ts';
import type { Backoff, FixAttrsRule, ServiceSpec, Tree } from '../model/tree.ts';
import { deepFreeze, loggerName } from '../model/tree.ts';
import { parse, issuesOf, show } from '../schema/schema.ts';
import type * as z from '../schema/schema.ts';
import type { SpecParts } from './spec.ts';
import { serviceSpec } from './spec.ts';
import { treeSchema } from './tree-schema.ts';

/** A tree as written in code: every field that has a default may be left out. A `Tree` is one, too. */
export interface TreeInput {
  /** The folder from which `services.d` is read again after the init stage. Default: it is not read again. */
  readonly root?: string;
  /** The ownership and mode rules that are applied before the first init script. Default: none. */
  readonly fixAttrs?: readonly FixAttrsRule[];
  /** The scripts of the init stage, in order. Default: none. */
  readonly init?: readonly ScriptInput[];
  /** The services. Default: none. */
  readonly services?: readonly ServiceInput[];
  /** The scripts of the finish stage, in order. Default: none. */
  readonly finish?: readonly ScriptInput[];
}

/** A script as written in code. */
export interface ScriptInput {
  /** The script's name, unique in its stage; not empty, without `/`. */
  readonly name: string;
  /** What is executed. */
  readonly run: ProgramInput;
}

/** A program as written in code; the words of a command line stand for `{ command: words }`. */
export type ProgramInput = Program | readonly string[];

/** A service as written in code: a name, what to run, and every field that is not to have its default. */
export interface ServiceInput extends Partial<
  Omit<ServiceSpec, 'name' | 'run' | 'finish' | 'logger' | 'backoff'>
> {
  /** The service's name, unique among the services: a file name, at most 255 bytes, that does not begin with a dot. */
  readonly name: string;
  /** The program that is kept alive, in the foreground. */
  readonly run: ProgramInput;
  /** The program that runs after every end of `run`, before the next start. Default: none. */
  readonly finish?: ProgramInput;
  /**
   * The service that reads this one's stdout on its stdin. Its name is this one's followed by `/log`. Default: none.
   */
  readonly logger?: LoggerInput;
  /** How long to wait before a restart. Default: s6's throttle of one second. */
  readonly backoff?: Pick<Backoff, 'first'> & Partial<Backoff>;
}

/** A logger as written in code. */
export interface LoggerInput extends Omit<ServiceInput, 'name' | 'logger'> {
  /** The producer's name followed by `/log`, if it is given. */
  readonly name?: string;
}

/**
 * Makes a tree from what is written in code: checks it, fills in the defaults and freezes it. A finished tree, from
 * `JSON.parse` for example, is returned unchanged.
 *
 * @throws TreeError with all errors at once: `tree-invalid`, `duplicate-name`.
 */
export function defineTree(input: Tree | TreeInput): Tree {
  const parsed = parse(treeSchema(), input, { showInput: true });
  const problems = [...(parsed.success ? [] : faults(parsed.error)), ...clashes(input)];
  if (!parsed.success || problems.length > 0) {
    throw new TreeError(textAt(input, 'root') ?? 'made in code', problems);
  }
  const { root, fixAttrs, init, services, finish } = parsed.data;
  const tree = { root, fixAttrs, init, services: services.map(complete), finish };
  // A tree survives a conversion to JSON and back. This conversion makes sure of that, and drops fields that are
  // `undefined`.
  return deepFreeze(JSON.parse(JSON.stringify(tree)) as Tree);
}

type ParsedService = z.infer<ReturnType<typeof treeSchema>>['services'][number];

function complete({ logger, ...parts }: ParsedService): ServiceSpec {
  const producer = parts as SpecParts;
  if (logger === undefined) return serviceSpec(producer);
  const own = { ...logger, name: loggerName(producer.name) } as SpecParts;
  return serviceSpec({ ...producer, logger: serviceSpec(own) });
}

function faults(error: z.core.$ZodError): readonly Problem[] {
  return issuesOf(error).map(({ path, text }) =>
    problem('tree-invalid', path === '' ? 'tree' : path, text),
  );
}

/** The contradictions within a tree, even if the rest of it is invalid. */
function clashes(tree: unknown): readonly Problem[] {
  return [
    ...(['init', 'services', 'finish'] as const).flatMap((list) => duplicates(tree, list)),
    ...membersOf(tree, 'services').flatMap(misnamedLogger),
  ];
}

function duplicates(tree: unknown, list: 'init' | 'services' | 'finish'): readonly Problem[] {
  const seen = new Set<string>();
  return membersOf(tree, list).flatMap((member, index) => {
    const name = textAt(member, 'name');
    if (name === undefined || !seen.has(name)) {
      if (name !== undefined) seen.add(name);
      return [];
    }
    const path = `${list}[${String(index)}].name`;
    const what = list === 'services' ? 'service' : 'script';
    return [
      problem('duplicate-name', path, `another ${what} is named ${show(name)} already`, {
        remedy: 'Rename one of them.',
      }),
    ];
  });
}

function misnamedLogger(service: unknown, index: number): readonly Problem[] {
  const producer = textAt(service, 'name');
  const given = textAt(at(service, 'logger'), 'name');
  if (producer === undefined || given === undefined || given === loggerName(producer)) return [];
  const path = `services[${String(index)}].logger.name`;
  const message = `expected ${show(loggerName(producer))}, got ${show(given)}`;
  return [problem('tree-invalid', path, message, { remedy: 'Leave it out.' })];
}

function membersOf(value: unknown, key: string): readonly unknown[] {
  const list = at(value, key);
  return Array.isArray(list) ? list : [];
}

function textAt(value: unknown, key: string): string | undefined {
  const text = at(value, key);
  return typeof text === 'string' ? text : undefined;
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
