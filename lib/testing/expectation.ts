import { inspect } from 'node:util';
import type { EventOf } from '../events.ts';
import { OptionsError } from '../errors.ts';
import type { LifecycleEvent } from '../model/event.ts';
import { nearest } from '../model/nearest.ts';

/** The types of event. */
export type EventType = LifecycleEvent['type'];

/** An event of one type, as far as it matters: `{ type: 'service', service: 'web', to: 'up' }`. */
export type EventPattern<Type extends EventType = EventType> = {
  [Each in Type]: Typed<Each> & Part<Omit<EventOf<Each>, 'type'>>;
}[Type];

/** Something of a type. */
export interface Typed<Type> {
  /** The type. */
  readonly type: Type;
}

/** As much of a value as one cares to name, down to its last field. */
export type Part<T> = T extends object ? { readonly [Key in keyof T]?: Part<T[Key]> } : T;

/**
 * Something that holds at some time: a function without parameters is asked now and after everything that happens, one
 * with a parameter is asked of each event.
 */
export type Predicate = (() => boolean) | ((event: LifecycleEvent) => boolean);

/** What a test waits for: an event, by its type or by what is in it, or that something holds. */
export type Expectation = EventType | EventPattern | Predicate;

/** An expectation, ready to be held against what happens. */
export interface Test {
  /** What is expected, in words. */
  readonly words: string;
  /** Whether an event is the one. Absent: no single event tells. */
  readonly meets?: (event: LifecycleEvent) => boolean;
  /** Whether it holds as things stand. Absent: only an event tells. */
  readonly holds?: () => boolean;
}

/**
 * Makes an expectation ready.
 *
 * @throws OptionsError when it names a type of event that there is not.
 */
export function testOf(expected: Expectation): Test {
  if (typeof expected === 'function') {
    const words = expected.toString();
    return expected.length === 0
      ? { words, holds: expected as () => boolean }
      : { words, meets: expected };
  }
  const pattern = typeof expected === 'string' ? { type: expected } : expected;
  if ('type' in pattern) refuseUnknown(pattern.type);
  return { words: inspect(pattern, { breakLength: Infinity }), meets: (it) => covers(pattern, it) };
}

const types: Readonly<Record<EventType, true>> = {
  phase: true,
  stage: true,
  script: true,
  service: true,
  ready: true,
  output: true,
  tree: true,
  problem: true,
};

function refuseUnknown(type: string): void {
  if (Object.hasOwn(types, type)) return;
  const known = Object.keys(types);
  const guess = nearest(type, known);
  const hint = guess === undefined ? '' : ` Did you mean '${guess}'?`;
  throw new OptionsError(`No event is of type '${type}'.${hint} There are: ${known.join(', ')}.`);
}

/** Whether a value has everything that the pattern names. */
function covers(pattern: unknown, value: unknown): boolean {
  if (typeof pattern !== 'object' || pattern === null) return Object.is(pattern, value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(pattern).every(([key, part]) => covers(part, Reflect.get(value, key)));
}
