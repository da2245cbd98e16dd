import { OptionsError } from '../errors.ts';
import type { ServiceStatus } from '../model/event.ts';
import { eventTypes, serviceStatuses, statusMeantBy } from '../model/event-values.ts';
import { didYouMean, nearest } from '../model/nearest.ts';
import { text } from '../schema/policies.ts';
import { milliseconds, signalName } from '../schema/values.ts';
import * as z from '../schema/schema.ts';

/** How long to wait. The end of a wait does not undo the command. With a signal that has aborted already, no command is given. */
export interface WaitOptions {
  /** Ends the wait when it aborts; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the wait ends with a `TimeoutError`. Default: no limit. */
  readonly timeout?: number;
}

/** How `start()` waits, and what it does about services that do not come up. */
export interface StartOptions extends WaitOptions {
  /** Whether the promise also resolves when a service did not come up; the result names it. Default: false. */
  readonly allowFailures?: boolean;
}

/** How to stop, and how long to wait for the stop. */
export interface StopOptions extends WaitOptions {
  /** Milliseconds from the stop signal to KILL; 0: never. Default: the service's `timeout-kill`, else 10 000 (this library). */
  readonly killTimeout?: number;
}

/** How `run()` runs the whole life of a supervisor. */
export interface RunOptions extends WaitOptions {
  /** Stops the supervisor in order when it aborts; `run()` then resolves as after any other stop. */
  readonly signal?: AbortSignal;
  /**
   * A command to run in the foreground once the services run (s6-overlay's CMD), with the host's terminal if it has one. Its
   * exit stops everything, and its exit code becomes the verdict's. The words of `S6_CMD_ARG0`, split at blanks, precede it
   * (s6-overlay v3). Default, and for an empty array without `S6_CMD_ARG0`: none.
   */
  readonly command?: readonly string[];
  /**
   * Whether the command starts only when the services are ready or `timeouts.readiness` has passed; if not, it starts when their
   * processes have been spawned. Default: the value of `S6_CMD_WAIT_FOR_SERVICES`, else false (s6-overlay).
   */
  readonly waitForServices?: boolean;
  /**
   * Whether the supervisor handles signals to the host while it runs. True: TERM, INT, QUIT, USR1, USR2 and PWR stop it, HUP
   * reads `services.d` again (s6-overlay); under `S6_CMD_RECEIVE_SIGNALS` every signal except HUP goes to the command while it
   * runs and no stop is under way. A second stop signal limits each remaining wait to one second (this library). A map gives the
   * action for each signal. Default: false, which leaves the host's signal handlers alone.
   *
   * In a Worker thread it is an `OptionsError`: Node gives signals to the main thread only. Handle them there, send the Worker a
   * message, and call `stop()` in the Worker when it arrives.
   */
  readonly signals?: boolean | SignalMap;
}

/**
 * What a signal to the host does: `stop` stops everything, `rescan` reads `services.d` again, `command` sends the signal to the
 * command (while no command runs and during a stop it does what `signals: true` would do), `ignore` does nothing.
 */
export type SignalAction = 'stop' | 'rescan' | 'command' | 'ignore';

/** The action for each signal to the host while `run()` runs. */
export type SignalMap = Readonly<Partial<Record<NodeJS.Signals, SignalAction>>>;

/**
 * Returns the options of a wait after it has validated them.
 *
 * @throws OptionsError when they are invalid.
 * @throws the reason of a signal that has aborted already, so that no command is given.
 */
export function validateWait(options: WaitOptions = {}): WaitOptions {
  return validated(waitOptions(), options);
}

/** Validates the options of a start; otherwise like `validateWait()`. */
export function validateStart(options: StartOptions = {}): StartOptions {
  return validated(startOptions(), options);
}

/** Validates the options of a stop; otherwise like `validateWait()`. */
export function validateStop(options: StopOptions = {}): StopOptions {
  return validated(stopOptions(), options);
}

/** Validates the options of `run()`; a signal that has aborted already is not an error here but stops the run at once. */
export function validateRun(options: RunOptions = {}): RunOptions {
  check(runOptions(), options);
  return options;
}

/**
 * Returns the signal after it has validated it.
 *
 * @throws OptionsError when there is no such signal.
 */
export function validateSignal(signal: NodeJS.Signals): NodeJS.Signals {
  check(signalName(), signal, 'signal() cannot send this:');
  return signal;
}

/**
 * Returns the status after it has validated it.
 *
 * @throws OptionsError when a service never has this status.
 */
export function validateStatus(status: ServiceStatus | 'ready'): ServiceStatus | 'ready' {
  check(awaitable(), status, 'when() cannot wait for this:');
  return status;
}

const awaitable = z.lazily(() => {
  const known: readonly unknown[] = [...serviceStatuses, 'ready'];
  return z.custom<ServiceStatus | 'ready'>((value) => known.includes(value), {
    error: `expected one of ${known.map((each) => `"${String(each)}"`).join('|')}`,
    params: { near: (value: unknown) => statusMeantBy(value) ?? nearest(value, known.map(String)) },
  });
});

/**
 * Checks the name of an event of a supervisor.
 *
 * @throws OptionsError when there is no such event.
 */
export function validateEvent(name: unknown): void {
  requireEvent(name, supervisorEvents, 'A supervisor');
}

/**
 * Checks the name of an event of a service.
 *
 * @throws OptionsError when there is no such event.
 */
export function validateServiceEvent(name: unknown): void {
  requireEvent(name, serviceEvents, 'A service');
}

const supervisorEvents: readonly unknown[] = [...eventTypes, 'event'];

const serviceEvents: readonly unknown[] = ['service', 'ready', 'output', 'event'];

/** The events that Node's own functions listen to on every emitter, such as `once()` of `node:events`. */
const nodeEvents: ReadonlySet<unknown> = new Set(['error', 'newListener', 'removeListener']);

function requireEvent(name: unknown, known: readonly unknown[], emitter: string): void {
  if (known.includes(name) || typeof name === 'symbol' || nodeEvents.has(name)) return;
  const elsewhere = supervisorEvents.includes(name) ? ' The supervisor has it.' : '';
  const guess = nearest(name, known.map(String));
  const hint = didYouMean(guess) || elsewhere;
  const list = known.map(String).join(', ');
  throw new OptionsError(`${emitter} has no event ${z.show(name)}.${hint} There are: ${list}.`);
}

const fields = z.lazily(() => ({
  signal: z.optional(
    z.custom<AbortSignal>((value) => value instanceof AbortSignal, 'expected an AbortSignal'),
  ),
  timeout: z.optional(milliseconds()),
}));

const waitOptions = z.lazily(() => z.strictObject(fields()));

const startOptions = z.lazily(() =>
  z.strictObject({ ...fields(), allowFailures: z.optional(z.boolean()) }),
);

const stopOptions = z.lazily(() =>
  z.strictObject({ ...fields(), killTimeout: z.optional(milliseconds()) }),
);

/** The signals that no process can handle. */
const unhandled: ReadonlySet<unknown> = new Set(['SIGKILL', 'SIGSTOP']);

const handled = z.lazily(() =>
  signalName().check(
    z.refine((name) => !unhandled.has(name), 'expected a signal that can be handled'),
  ),
);

const runOptions = z.lazily(() =>
  z.strictObject({
    ...fields(),
    command: z.optional(z.array(text())),
    waitForServices: z.optional(z.boolean()),
    signals: z.optional(
      z.union([
        z.boolean(),
        z.partialRecord(handled(), z.enum(['stop', 'rescan', 'command', 'ignore'])),
      ]),
    ),
  }),
);

function validated<Options extends WaitOptions>(schema: z.ZodMiniType, options: Options): Options {
  check(schema, options);
  options.signal?.throwIfAborted();
  return options;
}

function check(
  schema: z.ZodMiniType,
  value: unknown,
  heading = 'These options cannot be used:',
): void {
  const parsed = z.parse(schema, value, { showInput: true });
  if (parsed.success) return;
  const lines = z.explain(parsed.error).map((line) => `\n  ${line}`);
  throw new OptionsError(`${heading}${lines.join('')}`);
}
