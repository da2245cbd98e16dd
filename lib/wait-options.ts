import { OptionsError } from './errors.ts';
import { text } from './loader/policies.ts';
import { milliseconds, signalName } from './loader/values.ts';
import { explain, strict, z } from './schema.ts';

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
  /** A command to run in the foreground once the services are up; its end is the end of everything, its exit code the verdict's. Default: none. */
  readonly command?: readonly string[];
  /**
   * Whether signals to the host are the supervisor's while it runs: TERM, INT and QUIT stop it, HUP reads `services.d`
   * again. A map says so signal by signal. Default: false, the host's handlers are the host's.
   */
  readonly signals?: boolean | SignalMap;
}

/** What a signal to the host does: stop everything, read `services.d` again, or nothing. */
export type SignalAction = 'stop' | 'rescan' | 'ignore';

/** What signals to the host do while `run()` runs. */
export type SignalMap = Readonly<Partial<Record<NodeJS.Signals, SignalAction>>>;

/**
 * The options of a wait, found to be sound.
 *
 * @throws OptionsError when they are not.
 * @throws the reason of a signal that has aborted already: then nothing is asked for.
 */
export function soundWait(options: WaitOptions = {}): WaitOptions {
  return sound(waitOptions, options);
}

/** The options of a stop; otherwise as `soundWait()`. */
export function soundStop(options: StopOptions = {}): StopOptions {
  return sound(stopOptions, options);
}

/** The options of a whole life; a signal that has aborted already is no error here but ends it at once. */
export function soundRun(options: RunOptions = {}): RunOptions {
  check(runOptions, options);
  return options;
}

/**
 * A signal, found to be one.
 *
 * @throws OptionsError when it is not.
 */
export function soundSignal(signal: NodeJS.Signals): NodeJS.Signals {
  check(signalName, signal);
  return signal;
}

const fields = {
  signal: z
    .custom<AbortSignal>((value) => value instanceof AbortSignal, 'expected an AbortSignal')
    .optional(),
  timeout: milliseconds.optional(),
};

const waitOptions = strict(fields);

const stopOptions = strict({ ...fields, killTimeout: milliseconds.optional() });

/** The signals that no process can handle. */
const unhandled: ReadonlySet<unknown> = new Set(['SIGKILL', 'SIGSTOP']);

const runOptions = strict({
  ...fields,
  command: z.array(text).min(1, 'expected the words of a command line, at least one').optional(),
  signals: z
    .union([
      z.boolean(),
      z.partialRecord(
        signalName.refine((name) => !unhandled.has(name), 'expected a signal that can be handled'),
        z.enum(['stop', 'rescan', 'ignore']),
      ),
    ])
    .optional(),
});

function sound<Options extends WaitOptions>(schema: z.ZodType, options: Options): Options {
  check(schema, options);
  options.signal?.throwIfAborted();
  return options;
}

function check(schema: z.ZodType, value: unknown): void {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return;
  const lines = explain(parsed.error).map((line) => `\n  ${line}`);
  throw new OptionsError(`These options cannot be used:${lines.join('')}`);
}
