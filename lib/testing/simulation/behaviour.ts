import { inspect } from 'node:util';
import type { Exit } from '../../model/exit.ts';
import { parseSignal } from '../../model/exit.ts';
import { didYouMean, nearest } from '../../model/nearest.ts';
import type { Command } from '../../model/program.ts';

/**
 * What a fake child does without further commands: one step, and with `next` the step after it. Every field is optional; what
 * is left out is the natural behaviour, which `FakeSpawner` describes.
 */
export interface Behaviour {
  /**
   * Milliseconds until this step, counted from the spawn or from the step before. The step performs `does`, `print`, `ready` and
   * `exit`, in this order. `Infinity`: never. Default: 0.
   */
  readonly after?: number;
  /** Called at the moment of this step, for the side effects of a script: it writes a file or sets a variable. */
  readonly does?: () => void;
  /** The child prints these lines. */
  readonly print?: string;
  /** The stream that it prints them on. Default: `stdout`. */
  readonly stream?: 'stdout' | 'stderr';
  /** The child announces its readiness, if it has a descriptor for that (`notification-fd`). */
  readonly ready?: boolean;
  /** The child exits in this way. */
  readonly exit?: Exit;
  /** The step after this one; its `after` counts from this step. Nothing follows an exit. Default: the natural behaviour. */
  readonly next?: Behaviour;
  /** The child cannot be run; the value is the system's error code. Only valid in the first step. */
  readonly unspawnable?: string;
  /**
   * Milliseconds from the request to the spawn; meanwhile its service is `starting`. Only valid in the first step. Default: the
   * child is spawned at once.
   */
  readonly spawnAfter?: number;
  /**
   * The child ignores these signals, or the end of the pipe that it reads. KILL and STOP cannot be ignored. Only valid in the
   * first step.
   */
  readonly ignores?: readonly Ignorable[];
  /**
   * The child leaves other processes of its process group alive when it exits. They hold its output open until they are swept or
   * until a signal to the group ends them. `stubborn`: they ignore every signal except KILL. Only valid in the first step.
   * Default: false.
   */
  readonly leaves?: boolean | 'stubborn';
}

/** What a child can ignore. */
export type Ignorable = NodeJS.Signals | 'end-of-file';

/**
 * A child that exits with a code or by a signal: at once, or after `after` milliseconds.
 *
 * @throws TypeError when a process cannot exit in this way.
 */
export function exit(how: number | NodeJS.Signals, after = 0): Behaviour {
  return { exit: exitOf(how), after };
}

/**
 * The exit that a code, a signal or an exit says.
 *
 * @throws TypeError when a process cannot exit in this way.
 */
export function exitOf(how: Exit | number | NodeJS.Signals): Exit {
  if (typeof how === 'number' && isCode(how)) return { code: how, signal: null };
  if (typeof how === 'string' && how.startsWith('SIG')) return { code: null, signal: how };
  if (typeof how === 'object' && isExit(how)) return how;
  const known =
    "a code from 0 to 255, a signal such as 'SIGTERM', or { code, signal } with one of the two";
  const short = typeof how === 'string' ? parseSignal(how) : undefined;
  const hint = didYouMean(short);
  throw new TypeError(`A process exits with ${known}, not with ${inspect(how)}.${hint}`);
}

function isCode(code: unknown): boolean {
  return Number.isInteger(code) && Number(code) >= 0 && Number(code) <= 255;
}

/** Whether a value, which JavaScript may have made, is an exit. */
function isExit(value: Partial<Exit> | null): boolean {
  if (value === null) return false;
  const { code, signal } = value;
  if (signal === null) return isCode(code);
  return code === null && typeof signal === 'string' && signal.startsWith('SIG');
}

/** A child that announces its readiness: at once, or after `after` milliseconds. */
export function ready(after = 0): Behaviour {
  return { ready: true, after };
}

/** A child that prints lines on stdout: at once, or after `after` milliseconds. */
export function print(text: string, after = 0): Behaviour {
  return { print: text, after };
}

/** A child that cannot be run. Default: ENOENT, its program does not exist. */
export function unspawnable(code = 'ENOENT'): Behaviour {
  return { unspawnable: code };
}

/**
 * A child that ignores these signals, or the end of the pipe that it reads.
 *
 * @throws TypeError when one of them is neither.
 */
export function ignores(...what: readonly Ignorable[]): Behaviour {
  for (const each of what) if (each !== 'end-of-file') requireSignal(each);
  return { ignores: what };
}

/**
 * Checks a signal, which JavaScript may have made.
 *
 * @throws TypeError when it is no full name of a signal; the message has the name that is meant.
 */
export function requireSignal(signal: NodeJS.Signals): void {
  if (typeof signal === 'string' && signal.startsWith('SIG')) return;
  const full = typeof signal === 'string' ? parseSignal(signal) : undefined;
  const hint = didYouMean(full);
  throw new TypeError(`A signal is a name such as 'SIGTERM', not ${inspect(signal)}.${hint}`);
}

/** The fields of a behaviour. */
const behaviourFields: Readonly<Record<keyof Behaviour, true>> = {
  after: true,
  does: true,
  print: true,
  stream: true,
  ready: true,
  exit: true,
  next: true,
  unspawnable: true,
  spawnAfter: true,
  ignores: true,
  leaves: true,
};

/**
 * Checks a behaviour with all its steps, which JavaScript may have made.
 *
 * @throws TypeError when a step has an unknown field or ignores what is no signal.
 * @throws TypeError when a process cannot exit in the way that a step says.
 */
export function requireBehaviour(behaviour: Behaviour): void {
  for (const step of stepsOf(behaviour)) {
    const unknown = Object.keys(step).find((key) => !Object.hasOwn(behaviourFields, key));
    if (unknown !== undefined) throw new TypeError(unknownField(unknown));
    if (step.exit !== undefined) exitOf(step.exit);
    ignores(...(step.ignores ?? []));
  }
}

function unknownField(field: string): string {
  const known = Object.keys(behaviourFields);
  const guess = nearest(field, known);
  const hint = didYouMean(guess);
  return `A behaviour has no field '${field}'.${hint} It has: ${known.join(', ')}.`;
}

/** A script that does not exit by itself. A signal ends it. */
export function hang(): Behaviour {
  return { after: Infinity };
}

/**
 * Several steps of one child, one after the other: `sequence(ready(50), print('hello'), exit(1, 200))`. The fields for the first
 * step (`unspawnable`, `spawnAfter`, `ignores`, `leaves`) apply to the child, whichever of these behaviours sets them.
 */
export function sequence(...behaviours: readonly Behaviour[]): Behaviour {
  const steps = behaviours.flatMap(stepsOf);
  const chain = steps
    .map(stepOf)
    .filter((step) => Object.keys(step).length > 0)
    .reduceRight<Behaviour | undefined>(
      (next, step) => (next === undefined ? step : { ...step, next }),
      undefined,
    );
  return { ...chain, ...wholeOf(steps) };
}

/** The steps of a behaviour as a list. */
export function stepsOf(behaviour: Behaviour): readonly Behaviour[] {
  const steps: Behaviour[] = [];
  for (let step: Behaviour | undefined = behaviour; step !== undefined; step = step.next) {
    steps.push(step);
  }
  return steps;
}

/** Whether a command is a script, which exits by itself. The host's own command, the only one with the host's stdin, stays up like a service. */
export function isScript({ calledBy, name, stdin }: Command): boolean {
  return (calledBy === 'path' && stdin !== 'inherit') || name.endsWith('/finish');
}

/** The fields that apply to this step alone. */
function stepOf(behaviour: Behaviour): Behaviour {
  const fields = Object.entries(behaviour).filter(([field]) => !ofTheWhole.has(field));
  return Object.fromEntries(fields);
}

const ofTheWhole: ReadonlySet<string> = new Set<keyof Behaviour>([
  'unspawnable',
  'spawnAfter',
  'ignores',
  'leaves',
  'next',
]);

/** The fields that apply to the whole child. */
function wholeOf(steps: readonly Behaviour[]): Behaviour {
  const ignored = new Set(steps.flatMap((step) => step.ignores ?? []));
  const reason = steps.find((step) => step.unspawnable !== undefined)?.unspawnable;
  const delay = steps.find((step) => step.spawnAfter !== undefined)?.spawnAfter;
  const leaves = steps.findLast((step) => step.leaves !== undefined)?.leaves;
  return {
    ...(reason !== undefined && { unspawnable: reason }),
    ...(delay !== undefined && { spawnAfter: delay }),
    ...(ignored.size > 0 && { ignores: [...ignored] }),
    ...(leaves !== undefined && { leaves }),
  };
}
