import { inspect } from 'node:util';
import type { EventOf } from '../../supervisor/events.ts';
import type { LifecycleEvent } from '../../model/event.ts';
import { requirePattern } from './pattern-values.ts';

/** The types of event. */
export type EventType = LifecycleEvent['type'];

/** Part of an event of one type: `{ type: 'service', service: 'web', to: 'up' }`. */
export type EventPattern<Type extends EventType = EventType> = {
  [Each in Type]: Typed<Each> & Part<Omit<EventOf<Each>, 'type'>>;
}[Type];

/** An object with a `type`. */
export interface Typed<Type> {
  /** The discriminator. */
  readonly type: Type;
}

/** Any part of a value; every field is optional, at every level. */
export type Part<T> = T extends object ? { readonly [Key in keyof T]?: Part<T[Key]> } : T;

/**
 * A condition. A function without parameters is called now and after every event; a function with a parameter is called with
 * every event.
 */
export type Predicate = (() => boolean) | ((event: LifecycleEvent) => boolean);

/** What a test waits for: an event, given by its type or a part of it, or a condition. */
export type Expectation = EventType | EventPattern | Predicate;

/** An expectation, prepared for comparison with events. */
export interface Test {
  /** A description of the expectation. */
  readonly words: string;
  /** The name of the service that an event must have. Absent: any. */
  readonly service?: string;
  /** Whether an event meets it. Absent: it does not depend on a single event. */
  readonly matches?: (event: LifecycleEvent) => boolean;
  /** Whether it holds now. Absent: only an event can meet it. */
  readonly holds?: () => boolean;
}

/**
 * Prepares an expectation.
 *
 * @throws OptionsError when no event can meet it: its type, a field or a value does not exist.
 */
export function testOf(expected: Expectation): Test {
  if (typeof expected === 'function') {
    const words = expected.toString();
    return expected.length === 0
      ? { words, holds: expected as () => boolean }
      : { words, matches: expected };
  }
  const pattern = typeof expected === 'string' ? { type: expected } : expected;
  if ('type' in pattern) requirePattern(pattern);
  const service: unknown = Reflect.get(pattern, 'service');
  return {
    words: inspect(pattern, { breakLength: Infinity }),
    ...(typeof service === 'string' && { service }),
    matches: (it) => covers(pattern, it),
  };
}

/** Whether a value contains every field of the pattern, with the same value. */
function covers(pattern: unknown, value: unknown): boolean {
  if (typeof pattern !== 'object' || pattern === null) return Object.is(pattern, value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(pattern).every(([key, part]) => covers(part, Reflect.get(value, key)));
}
