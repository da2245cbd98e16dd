import { OptionsError } from './errors.ts';
import { text } from './loader/policies.ts';
import { milliseconds, signalName } from './loader/values.ts';
import * as z from './schema.ts';

/** How long to wait. Giving up ends only the waiting: what was asked for goes on. A signal that has aborted before asks for nothing. */
export interface WaitOptions {
  /** Ends the waiting when it aborts; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the waiting ends with a `TimeoutError`. Default: no limit. */
  readonly timeout?: number;
}

/** How to stop, and how long to wait for it. */
export interface StopOptions extends WaitOptions {
  /** Milliseconds from the stop signal to KILL; 0: never. Default: the service's `timeout-kill`, else 10 000. */
  readonly killTimeout?: number;
}

/** How the whole life of a supervisor is run. */
export interface RunOptions extends WaitOptions {
  /** Stops the supervisor, in order, when it aborts; `run()` then resolves as with any other stop. */
  readonly signal?: AbortSignal;
  /**
   * A command to run in the foreground once the services run (s6-overlay's CMD), with the host's terminal if it has one; its
   * end is the end of everything, its exit code the verdict's. The words of `S6_CMD_ARG0` come before it, split at
   * blanks (s6-overlay v3). Default, and where it has no words: none.
   */
  readonly command?: readonly string[];
  /**
   * Whether the command waits until the services are ready, or `timeouts.readiness` is over. Default: what
   * `S6_CMD_WAIT_FOR_SERVICES` says, else false (s6-overlay): it waits only until their processes are there.
   */
  readonly waitForServices?: boolean;
  /**
   * Whether signals to the host are the supervisor's while it runs: TERM, INT, QUIT, USR1, USR2 and PWR stop it, HUP reads
   * `services.d` again (s6-overlay); under `S6_CMD_RECEIVE_SIGNALS` all but HUP go to the command while it runs and
   * everything does not end yet. A second signal to stop leaves a second to each thing that is still waited for. A map says
   * what each signal does. Default: false, the host's handlers are the host's.
   *
   * Not in a Worker thread, where it is an `OptionsError`: Node gives signals to the main thread only. Handle them there, send the
   * Worker a message, and call `stop()` in the Worker when it comes.
   */
  readonly signals?: boolean | SignalMap;
}

/**
 * What a signal to the host does: stop everything, read `services.d` again, go to the command (while none runs, and while
 * everything ends: what `signals: true` does with it), or nothing.
 */
export type SignalAction = 'stop' | 'rescan' | 'command' | 'ignore';

/** What signals to the host do while `run()` runs. */
export type SignalMap = Readonly<Partial<Record<NodeJS.Signals, SignalAction>>>;

/**
 * The options of a wait, found to be sound.
 *
 * @throws OptionsError when they are not.
 * @throws the reason of a signal that has aborted already: then nothing is asked for.
 */
export function soundWait(options: WaitOptions = {}): WaitOptions {
  return sound(waitOptions(), options);
}

/** The options of a stop; otherwise as `soundWait()`. */
export function soundStop(options: StopOptions = {}): StopOptions {
  return sound(stopOptions(), options);
}

/** The options of a whole life; a signal that has aborted already is no error here but ends it at once. */
export function soundRun(options: RunOptions = {}): RunOptions {
  check(runOptions(), options);
  return options;
}

/**
 * A signal, found to be one.
 *
 * @throws OptionsError when it is not.
 */
export function soundSignal(signal: NodeJS.Signals): NodeJS.Signals {
  check(signalName(), signal);
  return signal;
}

const fields = z.lazily(() => ({
  signal: z.optional(
    z.custom<AbortSignal>((value) => value instanceof AbortSignal, 'expected an AbortSignal'),
  ),
  timeout: z.optional(milliseconds()),
}));

const waitOptions = z.lazily(() => z.strict(fields()));

const stopOptions = z.lazily(() =>
  z.strict({ ...fields(), killTimeout: z.optional(milliseconds()) }),
);

/** The signals that no process can handle. */
const unhandled: ReadonlySet<unknown> = new Set(['SIGKILL', 'SIGSTOP']);

const handled = z.lazily(() =>
  signalName().check(
    z.refine((name) => !unhandled.has(name), 'expected a signal that can be handled'),
  ),
);

const runOptions = z.lazily(() =>
  z.strict({
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

function sound<Options extends WaitOptions>(schema: z.ZodMiniType, options: Options): Options {
  check(schema, options);
  options.signal?.throwIfAborted();
  return options;
}

function check(schema: z.ZodMiniType, value: unknown): void {
  const parsed = z.examine(schema, value, { showInput: true });
  if (parsed.success) return;
  const lines = z.explain(parsed.error).map((line) => `\n  ${line}`);
  throw new OptionsError(`These options cannot be used:${lines.join('')}`);
}
