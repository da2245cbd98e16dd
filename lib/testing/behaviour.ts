import type { Exit } from '../model/exit.ts';
import type { Command } from '../model/program.ts';

/**
 * What a fake child does by itself: a step, and with `next` what follows it. Each field may be left out; what is left out is
 * done in the most natural way.
 */
export interface Behaviour {
  /**
   * Milliseconds until it does what this step says: `does`, `print`, `ready` and `exit`, in this order. They count from the
   * spawn or the step before. `Infinity`: never. Default: 0.
   */
  readonly after?: number;
  /** Called at the moment of this step, for what a script does to the world of the test: it writes a file, sets a variable. */
  readonly does?: () => void;
  /** It prints these lines. */
  readonly print?: string;
  /** Where it prints them. Default: `stdout`. */
  readonly stream?: 'stdout' | 'stderr';
  /** It announces its readiness, if it has a descriptor to do so on (`notification-fd`). */
  readonly ready?: boolean;
  /** It exits so. */
  readonly exit?: Exit;
  /** What it does after that; `after` counts from there. Nothing follows an exit. Default: what is most natural. */
  readonly next?: Behaviour;
  /** It cannot be run, for this reason of the system's. Heeded in the first step only. */
  readonly unspawnable?: string;
  /**
   * Milliseconds from being asked for to being there; meanwhile its service is `starting`. Heeded in the first step only.
   * Default: it is there at once.
   */
  readonly spawnAfter?: number;
  /**
   * It takes no notice of these signals, or of the end of the pipe that it reads. KILL and STOP cannot be ignored. Heeded in
   * the first step only.
   */
  readonly ignores?: readonly Ignorable[];
  /**
   * It is not alone in its process group: after its end others live on, with its output in their hands, until they are swept
   * or the group is sent a signal that ends them. `stubborn`: they take no notice of any signal but KILL. Heeded in the first
   * step only. Default: false.
   */
  readonly leaves?: boolean | 'stubborn';
}

/** What a child can take no notice of. */
export type Ignorable = NodeJS.Signals | 'end-of-file';

/** A child that exits: with a code, or by a signal; at once, or after so many milliseconds. */
export function exit(how: number | NodeJS.Signals, after = 0): Behaviour {
  const end = typeof how === 'number' ? { code: how, signal: null } : { code: null, signal: how };
  return { exit: end, after };
}

/** A child that announces its readiness: at once, or after so many milliseconds. */
export function ready(after = 0): Behaviour {
  return { ready: true, after };
}

/** A child that prints lines on stdout: at once, or after so many milliseconds. */
export function print(text: string, after = 0): Behaviour {
  return { print: text, after };
}

/** A child that cannot be run. Default: because its program does not exist. */
export function unspawnable(code = 'ENOENT'): Behaviour {
  return { unspawnable: code };
}

/** A child that takes no notice of these signals, or of the end of the pipe that it reads. */
export function ignores(...what: readonly Ignorable[]): Behaviour {
  return { ignores: what };
}

/** A script that does not end by itself. A signal ends it. */
export function hang(): Behaviour {
  return { after: Infinity };
}

/**
 * One life of several steps, one after the other: `sequence(ready(50), print('hello'), exit(1, 200))`. What holds for a whole
 * life (`unspawnable`, `spawnAfter`, `ignores`, `leaves`) holds for this one, whichever step says it.
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

/** The steps of a behaviour, one by one. */
export function stepsOf(behaviour: Behaviour): readonly Behaviour[] {
  const steps: Behaviour[] = [];
  for (let step: Behaviour | undefined = behaviour; step !== undefined; step = step.next) {
    steps.push(step);
  }
  return steps;
}

/** Whether it does something and ends. The host's own command, which alone has the host's stdin, goes on like a service. */
export function isScript({ calledBy, name, stdin }: Command): boolean {
  return (calledBy === 'path' && stdin !== 'inherit') || name.endsWith('/finish');
}

/** What holds for this step alone. */
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

/** What holds for a whole life. */
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
