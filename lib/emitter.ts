import { EventEmitter } from 'eventemitter3';

type Listener = (this: unknown, ...args: unknown[]) => void;

/**
 * The base class of the library's emitters: eventemitter3, except that a listener that throws does not affect the other
 * listeners. Its error becomes an uncaught exception after the other listeners have run (this library).
 */
export class Emitter<Events extends object> extends EventEmitter<Events> {
  readonly #requireEvent: (event: unknown) => void;

  /** @param requireEvent - Throws when no event has this name, so that no listener waits for ever. Default: accepts every name. */
  constructor(requireEvent: (event: unknown) => void = () => undefined) {
    super();
    this.#requireEvent = requireEvent;
  }

  /** Adds a listener for an event. */
  override on<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    listener: EventEmitter.EventListener<Events, Name>,
    context?: unknown,
  ): this {
    this.#requireEvent(event);
    return super.on(event, isolated(listener), context ?? this);
  }

  /** The same as `on()`. */
  override addListener<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    listener: EventEmitter.EventListener<Events, Name>,
    context?: unknown,
  ): this {
    return this.on(event, listener, context);
  }

  /** Adds a listener that runs once, for the next event. */
  override once<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    listener: EventEmitter.EventListener<Events, Name>,
    context?: unknown,
  ): this {
    this.#requireEvent(event);
    return super.once(event, isolated(listener), context ?? this);
  }

  /** Removes a listener of an event; without a listener, removes all listeners of the event. */
  override removeListener<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    listener?: EventEmitter.EventListener<Events, Name>,
    context?: unknown,
    once?: boolean,
  ): this {
    return super.removeListener(event, listener && isolated(listener), context, once);
  }

  /** The same as `removeListener()`. */
  override off<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    listener?: EventEmitter.EventListener<Events, Name>,
    context?: unknown,
    once?: boolean,
  ): this {
    return this.removeListener(event, listener, context, once);
  }
}

/** The wrapper of each listener, so that the wrapper can be removed by the listener; a wrapper maps to itself. */
const wrappers = new WeakMap<object, unknown>();

function isolated<L extends object>(listener: L): L {
  if (typeof listener !== 'function') throw new TypeError('A listener must be a function.');
  const known = wrappers.get(listener);
  if (known !== undefined) return known as L;
  const wrapper: Listener = function (...args) {
    try {
      Reflect.apply(listener as unknown as Listener, this, args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
  wrappers.set(listener, wrapper);
  wrappers.set(wrapper, wrapper);
  return wrapper as unknown as L;
}
