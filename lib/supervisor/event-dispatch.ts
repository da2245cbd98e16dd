import { onAbort } from './abort.ts';
import type { SupervisorHandle } from './waits.ts';
import type { EventOf, SupervisorEvents } from './events.ts';
import { EventQueue, serviceOf } from './events.ts';
import type { Emitter } from '../emitter.ts';
import { TimeoutError } from '../errors.ts';
import { aliveIn } from '../machine/tree/alive.ts';
import type { LifecycleEvent } from '../model/event.ts';
import type { Problem } from '../model/problem.ts';
import { describeProblem } from '../model/problem.ts';
import type { Service } from './service.ts';
import type { WaitOptions } from '../options/wait-options.ts';

/** The event dispatcher. It passes each event to the supervisor's listeners, the service's listeners and the readers of `events()`. */
export class EventDispatcher {
  readonly #supervisor: Emitter<SupervisorEvents>;
  readonly #services: ReadonlyMap<string, Service>;
  readonly #queues = new Set<EventQueue>();

  constructor(supervisor: Emitter<SupervisorEvents>, services: ReadonlyMap<string, Service>) {
    this.#supervisor = supervisor;
    this.#services = services;
  }

  dispatch(event: LifecycleEvent): void {
    const isHandled = this.#emitToSupervisor(event);
    if (event.type === 'problem' && !isHandled) emitWarning(event.problem);
    const name = serviceOf(event);
    const service = name === undefined ? undefined : this.#services.get(name);
    service?.emit(event.type as 'service', event as EventOf<'service'>);
    service?.emit('event', event);
    if (event.type === 'phase' && event.to === 'ended') {
      for (const queue of this.#queues) queue.close();
    }
  }

  /** An iterable of every event from now on until the supervisor ends, `signal` aborts or `timeout` passes. */
  events({ signal, timeout }: WaitOptions, control: SupervisorHandle): EventQueue {
    const queue = new EventQueue();
    if (control.state.phase === 'ended') queue.close();
    const ignoreAbort = onAbort(signal, () => {
      queue.close(signal?.reason as Error);
    });
    const cancelTimeout = control.after(timeout, (ms) => {
      queue.close(new TimeoutError('The reading of events', ms, aliveIn(control.state)));
    });
    this.#queues.add(queue);
    queue.whenClosed(() => {
      this.#queues.delete(queue);
      ignoreAbort();
      cancelTimeout();
    });
    return queue;
  }

  #emitToSupervisor(event: LifecycleEvent): boolean {
    const read = this.#queues.size > 0;
    for (const queue of this.#queues) queue.push(event);
    const typed = this.#supervisor.emit(event.type as 'problem', event as EventOf<'problem'>);
    return this.#supervisor.emit('event', event) || typed || read;
  }
}

/** Reports a problem that has no listener as a warning of the process. */
function emitWarning(it: Problem): void {
  process.emitWarning(describeProblem(it), { type: 'StagekeeperWarning', code: it.code });
}
