import { SupervisorHandle } from './waits.ts';
import { Emitter } from '../emitter.ts';
import { UnknownServiceError } from '../errors.ts';
import type { Rereading, SupervisorEvents } from './events.ts';
import type { TreeInput as TreeDefinition } from '../loader/define.ts';
import { defineTree } from '../loader/define.ts';
import { load } from '../loader/load.ts';
import { profileOf } from '../loader/profile.ts';
import { startOutcome, awaitedIn } from './start-outcome.ts';
import type { TreeState } from '../machine/tree/tree-state.ts';
import type { LifecycleEvent, Phase } from '../model/event.ts';
import { nearest } from '../model/nearest.ts';
import type { Problem } from '../model/problem.ts';
import type { Tree } from '../model/tree.ts';
import type { Verdict } from '../model/verdict.ts';
import type { SupervisorOptions } from '../options/options.ts';
import { resolveOptions, resolveOptionsForData } from '../options/options.ts';
import type { SupervisorDependencies } from './reread.ts';
import type { ChangesOf } from './changed-files.ts';
import { hostWith, problemsOf, treeReader } from './reread.ts';
import { EventDispatcher } from './event-dispatch.ts';
import { rescanTree } from './rescan.ts';
import { requestHandler } from './script-requests.ts';
import { inspectTree } from './inspect.ts';
import type { Clock } from '../engine/clock.ts';
import { systemClock } from '../engine/clock.ts';
import type { EngineParts } from '../engine/engine.ts';
import { Engine } from '../engine/engine.ts';
import type { Environment, ScriptInterface } from '../host/host.ts';
import { composeHost } from '../host/host.ts';
import { thisThread } from '../system/thread.ts';
import type { World } from '../engine/world.ts';
import { ServiceRegistry } from './service-registry.ts';
import type { Service } from './service.ts';
import type { StageResult, Stages } from './stage.ts';
import { stagesOf } from './stage.ts';
import type { SupervisorStatus } from './status.ts';
import { statusOf } from './status.ts';
import type {
  RunOptions,
  StartOptions,
  StopOptions,
  WaitOptions,
} from '../options/wait-options.ts';
import {
  validateEvent,
  validateRun,
  validateStart,
  validateStop,
  validateWait,
} from '../options/wait-options.ts';
import type { RunDefaults } from './run.ts';
import { requestEnd, untilEnded, runDefaultsOf, runToEnd } from './run.ts';

/**
 * Supervises a tree: runs its init scripts in order, keeps its services alive, and runs its finish scripts in order.
 * Three levels of control, each built on the next: `run()` for the whole life; `start()` and `stop()`; `stages` and `services`.
 * It installs no signal handler unless an option asks for it, never exits the host's process or writes to the console.
 */
export class Supervisor extends Emitter<SupervisorEvents> implements AsyncDisposable {
  /** Warnings found while loading, and problems with options that do not apply. */
  readonly problems: readonly Problem[];
  /** The three stages; each can be run separately. */
  readonly stages: Stages;
  /** The services by name, including loggers (`web`, `web/log`). */
  readonly services: ReadonlyMap<string, Service>;
  /** The container environment: the variables that scripts with `with-contenv` get (s6-overlay). */
  readonly environment: Environment;
  /** The source of time for deadlines and for the `at` of events. */
  readonly clock: Clock;
  readonly #control: SupervisorHandle;
  readonly #scriptInterface: ScriptInterface;
  readonly #world: World;
  readonly #runDefaults: RunDefaults;
  readonly #registry = new ServiceRegistry();
  readonly #dispatcher = new EventDispatcher(this, this.#registry.services);

  /**
   * Loads a tree from a folder. Runs nothing and writes nothing.
   *
   * @throws TreeError when the tree leaves nothing to run; under `strict`, when it has any problem.
   * @throws OptionsError when an option has an invalid value.
   * @throws UnsupportedRuntimeError under Bun and Deno.
   */
  static async load(root: string | URL, options: SupervisorOptions = {}): Promise<Supervisor> {
    resolveOptions(options, process.env);
    const { profile = profileOf(process.env), ...others } = options;
    const host = hostWith(options.runtimeDirectory);
    const { tree, problems } = await load(root, undefined, host, profile);
    return supervise(tree, others, problems);
  }

  /**
   * Takes a tree made in code: what `load()` reads, or a literal in which every field with a default may be left out.
   *
   * @throws TreeError when the tree is inconsistent.
   * @throws OptionsError when an option has an invalid value.
   */
  constructor(tree: Tree | TreeDefinition, options?: SupervisorOptions);
  /** @internal */
  constructor(
    tree: Tree | TreeDefinition,
    options: SupervisorOptions,
    around: SupervisorDependencies,
  );
  constructor(
    tree: Tree | TreeDefinition,
    options: SupervisorOptions = {},
    { problems: found = [], variables = process.env, ...around }: SupervisorDependencies = {},
  ) {
    super(validateEvent);
    const { world: own = {}, onRequestHandler, thread = thisThread } = around;
    const settings = resolveOptionsForData(options, variables);
    const whole = defineTree(tree);
    this.problems = problemsOf(whole, settings, found);
    const changesOf: ChangesOf = (...of) => this.#scriptInterface.scan.changesOf(...of);
    const { runtimeDirectory } = settings;
    const sources = { ...treeReader(found, { changesOf, runtimeDirectory }), ...own };
    const clock = (this.clock = settings.clock ?? systemClock);
    const hostSettings = { ...settings, variables, thread };
    const handler = requestHandler({
      control: () => this.#control,
      places: () => this.#scriptInterface.scan,
      rescan: () => this.rescan(),
    });
    onRequestHandler?.(handler);
    const hosted = composeHost(hostSettings, sources, handler);
    const { world, spawner, environment, scriptInterface } = hosted;
    this.#runDefaults = runDefaultsOf(settings, hosted, thread);
    this.environment = environment;
    this.#scriptInterface = scriptInterface;
    this.#world = world;
    const parts = { clock, spawner, world, options: settings };
    const engine = (stepped: () => void): Engine => this.#engine(whole, parts, stepped);
    this.#control = new SupervisorHandle(clock, engine, hosted.prepare);
    this.services = this.#registry.services;
    this.#registry.follow(this.#control);
    this.stages = stagesOf(this.services, this.#control);
  }

  /** The current tree: plain, frozen data. It is replaced when `services.d` is read again. */
  get tree(): Tree {
    return this.#state.tree;
  }

  /** The phase of the supervisor. */
  get phase(): Phase {
    return this.#state.phase;
  }

  /**
   * Returns the service of this name; a logger's name is `web/log`.
   *
   * @throws UnknownServiceError when there is none; the message suggests the nearest name.
   */
  service(name: string): Service {
    const service = this.services.get(name);
    if (service !== undefined) return service;
    const known = [...this.services.keys()];
    throw new UnknownServiceError(name, known, nearest(name, known));
  }

  /**
   * Runs the init stage, then starts the services. Settles when each service has come up (is up and, if it announces
   * readiness, ready), cannot come up for now, or is no longer wanted. A service that comes up and dies later is no failure.
   *
   * A service cannot come up for now when its program cannot be run, it has failed for good, it has died five times in a row before
   * it was ready, or `timeouts.readiness` has passed. What can be tried again is. A later call has the outcome of the first.
   *
   * @throws StartFailedError when a service did not come up, unless `allowFailures` is set; what did come up stays up.
   * @throws InitFailedError when an init script fails under `onInitFailure: 'stop'`; by then the supervisor has ended.
   * @throws InterruptedError when the supervisor stops first.
   * @throws OrderError when the supervisor already stops or has ended.
   * @throws RuntimeDirectoryError when the runtime directory cannot be used; nothing has run then.
   */
  async start(options: StartOptions = {}): Promise<StageResult> {
    const { allowFailures = false, ...wait } = validateStart(options);
    this.#control.refuseOnTheWayDown('The start');
    this.#control.prepare();
    this.#control.input({ type: 'advance', target: 'services' });
    return this.#control.until(
      () => startOutcome(this.#state, allowFailures),
      { what: 'The start', pending: () => awaitedIn(this.#state) },
      wait,
    );
  }

  /**
   * Stops the services, loggers last, then runs the finish stage. Resolves when no process of the tree is left. Also resolves
   * when the supervisor has ended already or was never started.
   *
   * `killTimeout` replaces `timeouts.services` here. A further stop with a shorter one shortens the stop under way.
   *
   * @throws TimeoutError with the names of what is still alive, when `timeout` has passed; the stop continues.
   */
  async stop(options: StopOptions = {}): Promise<Verdict> {
    validateStop(options);
    requestEnd(this.#control, { reason: 'stopped', exitCode: 0 }, options.killTimeout);
    return untilEnded(this.#control, options);
  }

  /**
   * The whole life: starts everything, waits for the end, stops everything, and returns the verdict. The end is a stop, a signal
   * (see `RunOptions.signals`), or the exit of the command or of an essential service. A failing init script does not reject the
   * promise; the verdict contains it.
   *
   * @throws OptionsError when an option has an invalid value; in a Worker thread, when `signals` names any.
   * @throws RuntimeDirectoryError when the runtime directory cannot be used; nothing has run then.
   */
  async run(options: RunOptions = {}): Promise<Verdict> {
    const rescan = (): Promise<Rereading> => this.rescan();
    return runToEnd(validateRun(options), { ...this.#runDefaults, control: this.#control, rescan });
  }

  /**
   * Reads `services.d` again: starts new services, stops removed ones, leaves the others alone (`s6-svscanctl -an`). Changes
   * nothing for a tree made in code.
   *
   * @throws OrderError when the supervisor stops or has ended.
   */
  async rescan(): Promise<Rereading> {
    return rescanTree(this, this.#control, this.#world);
  }

  /**
   * An iterable of every event from now on, until the supervisor has ended, `signal` aborts or `timeout` passes. In the last two
   * cases the iteration rejects, after the events before it have been read.
   *
   * Keeps unread events: 100,000 at most, and 64 MiB at most.
   *
   * @throws OverflowError from the iteration, when there are more unread events.
   */
  events(options: WaitOptions = {}): AsyncIterableIterator<LifecycleEvent> {
    return this.#dispatcher.events(validateWait(options), this.#control);
  }

  /**
   * One sentence that says why a service is up, down, waiting or failed.
   *
   * @throws UnknownServiceError when there is no such service.
   */
  explain(service: string): string {
    return this.service(service).explain();
  }

  /** A snapshot of the supervisor as plain data, for JSON. */
  status(): SupervisorStatus {
    return statusOf(this.#control, this.problems);
  }

  /** What `JSON.stringify(supervisor)` writes: the same as `status()`. */
  toJSON(): SupervisorStatus {
    return this.status();
  }

  /** Stops the supervisor; afterwards no process, timer or file of it is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The tree as a picture with the state of each part: what `console.log(supervisor)` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return inspectTree(this.#state);
  }

  get #state(): TreeState {
    return this.#control.state;
  }

  #engine(
    tree: Tree,
    parts: Omit<EngineParts, 'stepped' | 'publish'>,
    stepped: () => void,
  ): Engine {
    return new Engine(tree, {
      ...parts,
      stepped: () => {
        // A service that has left the tree is dropped once it is down.
        if (this.services.size !== this.#state.units.size) this.#registry.follow(this.#control);
        stepped();
      },
      publish: (event) => {
        if (event.type === 'tree') {
          this.#registry.follow(this.#control);
          this.#scriptInterface.scan.update();
        }
        this.#dispatcher.dispatch(event);
      },
    });
  }
}

/** Outside the class: a bundler renames a class that refers to itself. */
function supervise(
  tree: Tree,
  options: SupervisorOptions,
  problems: readonly Problem[],
): Supervisor {
  return new Supervisor(tree, options, { problems });
}
