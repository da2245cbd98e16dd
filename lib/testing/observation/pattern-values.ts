import { inspect } from 'node:util';
import { OptionsError } from '../../errors.ts';
import type { LifecycleEvent } from '../../model/event.ts';
import {
  causes,
  eventTypes,
  phases,
  serviceStatuses,
  stageNames,
  stageStatuses,
  statusMeantBy,
} from '../../model/event-values.ts';
import { didYouMean, nearest } from '../../model/nearest.ts';

/** The values of a field of an event; `null`: any value. */
type Values = readonly string[] | null;

const common = { type: null, at: null, sequence: null, cause: causes };
const scriptStages: readonly string[] = ['init', 'finish', 'command'];

/** The fields of every type of event. */
const fields: { readonly [Type in LifecycleEvent['type']]: Fields<Type> } = {
  phase: { ...common, from: phases, to: phases },
  stage: { ...common, stage: stageNames, status: stageStatuses },
  script: {
    ...common,
    stage: scriptStages,
    script: null,
    status: ['started', 'exited', 'unspawnable'],
    pid: null,
    exit: null,
    duration: null,
  },
  service: {
    ...common,
    service: null,
    from: serviceStatuses,
    to: serviceStatuses,
    pid: null,
    exit: null,
  },
  ready: { ...common, service: null, pid: null, duration: null },
  output: {
    ...common,
    source: null,
    stage: scriptStages,
    stream: ['stdout', 'stderr'],
    line: null,
  },
  tree: { ...common, added: null, removed: null, changed: null },
  problem: { ...common, problem: null },
};

type Fields<Type> = Readonly<
  Record<keyof Extract<LifecycleEvent, { readonly type: Type }>, Values>
>;

/**
 * Checks that an event can meet a pattern, which JavaScript may have made.
 *
 * @throws OptionsError when its type, a field or a value does not exist; the message has the nearest one.
 */
export function requirePattern(pattern: { readonly type: LifecycleEvent['type'] }): void {
  const { type } = pattern;
  if (!eventTypes.includes(type)) refuse(`No event is of type '${type}'.`, type, eventTypes);
  const known = new Map<string, Values>(Object.entries(fields[type]));
  const parts: readonly (readonly [string, unknown])[] = Object.entries(pattern);
  for (const [field, value] of parts) {
    const values = known.get(field);
    if (values === undefined) {
      refuse(`No event of type '${type}' has a field '${field}'.`, field, [...known.keys()]);
    }
    if (values === null || value === undefined || values.some((each) => each === value)) continue;
    const subject = `No event of type '${type}' has ${field}: ${inspect(value)}.`;
    refuse(subject, value, values, values === serviceStatuses ? statusMeantBy(value) : undefined);
  }
}

function refuse(subject: string, given: unknown, known: readonly string[], meant?: string): never {
  const guess = meant ?? nearest(given, known);
  const hint = didYouMean(guess);
  throw new OptionsError(`${subject}${hint} There are: ${known.join(', ')}.`);
}
