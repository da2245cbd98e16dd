import { EventEmitter } from 'eventemitter3';

type Listener = (this: unknown, ...args: unknown[]) => void;

/**
 * The emitter that the library's classes extend: eventemitter3, but a listener that throws hurts nobody else. Its error
 * surfaces as an uncaught exception, after the other listeners have been told.
 */
export class Emitter<Events extends object> extends EventEmitter<Events> {
  /** Listens to an event. */
  override on<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    listener: EventEmitter.EventListener<Events, Name>,
    context?: unknown,
  ): this {
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

  /** Listens to an event the next time only. */
  override once<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    listener: EventEmitter.EventListener<Events, Name>,
    context?: unknown,
  ): this {
    return super.once(event, isolated(listener), context ?? this);
  }

  /** Takes a listener off again; without one, all of the event. */
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

/** One stand-in for each listener, so that what was added can be removed; a stand-in stands for itself. */
const standIns = new WeakMap<object, unknown>();

function isolated<L extends object>(listener: L): L {
  if (typeof listener !== 'function') throw new TypeError('A listener must be a function.');
  const known = standIns.get(listener);
  if (known !== undefined) return known as L;
  const standIn: Listener = function (...args) {
    try {
      Reflect.apply(listener as unknown as Listener, this, args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
  standIns.set(listener, standIn);
  standIns.set(standIn, standIn);
  return standIn as unknown as L;
}
