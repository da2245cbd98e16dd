import { OverflowError } from '../errors.ts';
import type { LifecycleEvent, TreeChange } from '../model/event.ts';
import { Queue } from '../model/queue.ts';

/** The event that has this `type`. */
export type EventOf<Type extends LifecycleEvent['type']> = Extract<
  LifecycleEvent,
  { readonly type: Type }
>;

/** The events of a supervisor: one name for each `type`, and `event` for every event. */
export type SupervisorEvents = {
  [Type in LifecycleEvent['type']]: (event: EventOf<Type>) => void;
} & {
  /** Every event. */
  event: (event: LifecycleEvent) => void;
};

/** The events of a service: those events of the supervisor that concern this service. */
export type ServiceEvents = Pick<SupervisorEvents, 'service' | 'ready' | 'output' | 'event'>;

/** What has changed between two reads of `services.d`. */
export type Rereading = Omit<TreeChange, 'type'>;

/** The name of the service that an event concerns; `undefined` when it concerns none. */
export function serviceOf(event: LifecycleEvent): string | undefined {
  if (event.type === 'service' || event.type === 'ready') return event.service;
  if (event.type === 'output' && event.stage === undefined)
    return event.source.replace(/\/finish$/, '');
  return undefined;
}

interface Reader {
  readonly resolve: (result: IteratorResult<LifecycleEvent>) => void;
  readonly reject: (failure: Error) => void;
}

/** The number of unread events above which a read of `events()` fails; several hours of events of a busy tree. */
export const mostUnread = 100_000;

/** The number of bytes of unread events above which a read of `events()` fails. */
export const mostUnreadBytes = 64 * 1024 * 1024;

/** The bytes that an event takes in addition to its text. */
const frame = 256;

/** The approximate size of an event in bytes; events without a text have the same size. */
export function sizeOf(event: LifecycleEvent): number {
  if (event.type === 'output') return frame + Buffer.byteLength(event.line);
  if (event.type === 'problem') return frame + JSON.stringify(event.problem).length;
  return frame;
}

/** An async iterable of the events from now on. It keeps each event until it is read. */
export class EventQueue implements AsyncIterableIterator<LifecycleEvent> {
  readonly #unread = new Queue<LifecycleEvent>();
  #unreadBytes = 0;
  readonly #readers = new Queue<Reader>();
  readonly #closeListeners: (() => void)[] = [];
  #failure: Error | undefined;
  #closed = false;

  /** Calls `leave` when the queue closes; calls it immediately when the queue is closed already. */
  whenClosed(listener: () => void): void {
    if (this.#closed) listener();
    else this.#closeListeners.push(listener);
  }

  push(event: LifecycleEvent): void {
    if (this.#closed) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: event });
      return;
    }
    this.#unread.push(event);
    this.#unreadBytes += sizeOf(event);
    if (this.#unread.length > mostUnread) this.#overflow(`${String(mostUnread)} events`);
    else if (this.#unreadBytes > mostUnreadBytes) {
      this.#overflow(`${String(mostUnreadBytes)} bytes of events`);
    }
  }

  /** Accepts no further event. Unread events can still be read; after them, a read rejects with `failure`, if there is one. */
  close(failure?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = failure;
    for (const listener of this.#closeListeners) listener();
    for (;;) {
      const reader = this.#readers.shift();
      if (reader === undefined) return;
      this.#end(reader);
    }
  }

  next(): Promise<IteratorResult<LifecycleEvent>> {
    const event = this.#unread.shift();
    if (event !== undefined) {
      this.#unreadBytes -= sizeOf(event);
      return Promise.resolve({ done: false, value: event });
    }
    return new Promise((resolve, reject) => {
      if (this.#closed) this.#end({ resolve, reject });
      else this.#readers.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<LifecycleEvent>> {
    this.#unread.clear();
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #overflow(what: string): void {
    this.#unread.clear();
    const advice = 'Read events() faster, or listen with on().';
    this.close(new OverflowError(`More than ${what} were not read. ${advice}`));
  }

  #end(reader: Reader): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(failure);
  }
}
