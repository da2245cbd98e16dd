import { Control } from './control.ts';
import { Emitter } from './emitter.ts';
import { TreeError, UnknownServiceError } from './errors.ts';
import type { EventOf, Rereading, SupervisorEvents } from './events.ts';
import type { TreeInput as TreeDefinition } from './loader/define.ts';
import { defineTree } from './loader/define.ts';
import { load } from './loader/load.ts';
import { profileOf } from './loader/profile.ts';
import { arrivalOf, awaitedIn } from './arrival.ts';
import type { TreeState } from './machine/state.ts';
import type { LifecycleEvent, Phase } from './model/event.ts';
import { nearest } from './model/nearest.ts';
import type { Problem } from './model/problem.ts';
import type { Tree } from './model/tree.ts';
import type { Verdict } from './model/verdict.ts';
import type { SupervisorOptions } from './options.ts';
import { settle, settleForData } from './options.ts';
import type { Surroundings } from './sources.ts';
import { sourcesOf, namesAmiss } from './sources.ts';
import { Herald } from './herald.ts';
import { landlordOf } from './landlord.ts';
import { draw } from './picture.ts';
import type { Clock } from './runtime/clock.ts';
import { systemClock } from './runtime/clock.ts';
import type { EngineParts } from './runtime/engine.ts';
import { Engine } from './runtime/engine.ts';
import type { Environment } from './runtime/environment.ts';
import type { Premises } from './runtime/premises.ts';
import { hostWorld } from './runtime/host-world.ts';
import { thisThread } from './runtime/thread.ts';
import type { World } from './runtime/world.ts';
import { Roster } from './roster.ts';
import type { Service } from './service.ts';
import type { Stages } from './stage.ts';
import { stagesOf } from './stage.ts';
import type { SupervisorStatus } from './status.ts';
import { statusOf } from './status.ts';
import type { RunOptions, StopOptions, WaitOptions } from './wait-options.ts';
import { soundRun, soundStop, soundWait } from './wait-options.ts';
import type { LifeDefaults } from './whole-life.ts';
import { end, ended, lifeDefaultsOf, live } from './whole-life.ts';

/**
 * Supervises a tree: runs its init scripts in order, keeps its services alive, and runs its finish scripts in order.
 *
 * Three heights of control, each built on the one below: `run()` for the whole life; `start()` and `stop()`; `stages` and
 * `services`. It is a guest in the host's process: it installs no signal handler unless asked, never exits the process and
 * never writes to the console.
 */
export class Supervisor extends Emitter<SupervisorEvents> implements AsyncDisposable {
  /** Warnings met while loading, and options that had to be left aside. */
  readonly problems: readonly Problem[];
  /** The three stages, each to be driven by itself. */
  readonly stages: Stages;
  /** The services by name, loggers among them (`web`, `web/log`). */
  readonly services: ReadonlyMap<string, Service>;
  /** The container environment: what scripts that ask for it with `with-contenv` are given. */
  readonly environment: Environment;
  /** The time that it lives by, and that its events are stamped with. */
  readonly clock: Clock;
  readonly #control: Control;
  readonly #premises: Premises;
  readonly #world: World;
  readonly #lifeDefaults: LifeDefaults;
  readonly #roster = new Roster();
  readonly #herald = new Herald(this, this.#roster.services);

  /**
   * Loads a tree from a folder. Nothing is run and nothing is written.
   *
   * @throws TreeError when nothing sensible is left to run; under `strict`, when there is any problem at all.
   * @throws OptionsError when an option has a value that it cannot have.
   */
  static async load(root: string | URL, options: SupervisorOptions = {}): Promise<Supervisor> {
    settle(options, process.env);
    const { profile = profileOf(process.env), ...others } = options;
    const { tree, problems } = await load(root, undefined, undefined, profile);
    return supervise(tree, others, problems);
  }

  /**
   * Takes a tree made in code: what `load()` reads, or one's own with everything left out that has a default.
   *
   * @throws TreeError when the tree contradicts itself.
   * @throws OptionsError when an option has a value that it cannot have.
   */
  constructor(tree: Tree | TreeDefinition, options?: SupervisorOptions);
  /** @internal */
  constructor(tree: Tree | TreeDefinition, options: SupervisorOptions, around: Surroundings);
  constructor(
    tree: Tree | TreeDefinition,
    options: SupervisorOptions = {},
    { problems: found = [], variables = process.env, ...around }: Surroundings = {},
  ) {
    super();
    const { world: own = {}, meet, thread = thisThread } = around;
    const settings = settleForData(options, variables);
    const whole = defineTree(tree);
    this.problems = Object.freeze([...found, ...settings.problems, ...namesAmiss(whole, settings)]);
    if (settings.strict && this.problems.length > 0) {
      throw new TreeError(whole.root ?? 'made in code', this.problems);
    }
    const sources = { ...sourcesOf(found), ...own };
    const clock = (this.clock = settings.clock ?? systemClock);
    const placement = { ...settings, variables, thread };
    const landlord = landlordOf({
      control: () => this.#control,
      places: () => this.#premises.scan,
      rescan: () => this.rescan(),
    });
    meet?.(landlord);
    const hosted = hostWorld(placement, sources, landlord);
    const { world, spawner, environment, premises } = hosted;
    this.#lifeDefaults = lifeDefaultsOf(settings, hosted, thread);
    this.environment = environment;
    this.#premises = premises;
    this.#world = world;
    const parts = { clock, spawner, world, options: settings };
    this.#control = new Control(clock, (stepped) => this.#engine(whole, parts, stepped));
    this.services = this.#roster.services;
    this.#roster.follow(this.#control);
    this.stages = stagesOf(this.services, this.#control);
  }

  /** The tree as it is now: plain, frozen data. It changes when `services.d` is read again. */
  get tree(): Tree {
    return this.#state.tree;
  }

  /** Where the supervisor stands in its life. */
  get phase(): Phase {
    return this.#state.phase;
  }

  /**
   * The service of this name; a logger's is `web/log`.
   *
   * @throws UnknownServiceError when there is none, with the nearest name.
   */
  service(name: string): Service {
    const service = this.services.get(name);
    if (service !== undefined) return service;
    const known = [...this.services.keys()];
    throw new UnknownServiceError(name, known, nearest(name, known));
  }

  /**
   * Runs the init stage, then starts the services. Resolves when each is up (and ready, if it announces), has failed, or
   * the readiness timeout is over.
   *
   * @throws InitFailedError when an init script fails under `onInitFailure: 'stop'`; everything has ended by then.
   * @throws InterruptedError when the end comes first.
   * @throws OrderError when everything is being stopped already.
   */
  async start(options?: WaitOptions): Promise<void> {
    soundWait(options);
    this.#control.refuseOnTheWayDown('The start');
    this.#control.input({ type: 'advance', target: 'services' });
    await this.#control.until(
      () => arrivalOf(this.#state),
      { what: 'The start', pending: () => awaitedIn(this.#state) },
      options,
    );
  }

  /**
   * Stops the services, loggers last, then runs the finish stage. Resolves when nothing of it is left. A supervisor that
   * has ended, or was never started, resolves all the same.
   *
   * `killTimeout` stands here for `timeouts.services`. A further stop with a shorter one hurries what is still alive.
   *
   * @throws TimeoutError naming who is still alive, when `timeout` is over; the stop itself goes on.
   */
  async stop(options: StopOptions = {}): Promise<Verdict> {
    soundStop(options);
    end(this.#control, { reason: 'stopped', exitCode: 0 }, options.killTimeout);
    return ended(this.#control, options);
  }

  /**
   * The whole life: starts, waits for the end (a stop, a signal if they are ours, the end of the command or of an
   * essential service), stops, and says how it went. A failing init script does not reject but stands in the verdict.
   *
   * @throws OptionsError when an option has a value that it cannot have; in a Worker thread, when `signals` names any.
   */
  async run(options: RunOptions = {}): Promise<Verdict> {
    return live(soundRun(options), {
      ...this.#lifeDefaults,
      control: this.#control,
      rescan: () => this.rescan(),
    });
  }

  /**
   * Reads `services.d` again: starts what is new, stops what is gone, touches nothing else (s6-svscanctl -an). A tree made
   * in code has nothing to read.
   *
   * @throws OrderError when everything is being stopped.
   */
  async rescan(): Promise<Rereading> {
    this.#control.refuseOnTheWayDown('A rescan');
    const { root } = this.tree;
    let change: Rereading = { added: [], removed: [], changed: [] };
    if (root === undefined) return change;
    const found = await this.#world.reread(root);
    const note = (event: EventOf<'tree'>): void => {
      const { added, removed, changed } = event;
      change = { added, removed, changed };
    };
    this.on('tree', note);
    this.#control.input({ type: 'reread', ...found });
    this.off('tree', note);
    return change;
  }

  /**
   * Every event from now on, until the supervisor has ended, `signal` aborts or `timeout` is over; those two make the
   * reading reject, once what has come before is read.
   *
   * Events are kept until they are read: 100,000 of them at most, and 64 MiB. The reading rejects with an OverflowError when
   * there are more.
   */
  events(options: WaitOptions = {}): AsyncIterableIterator<LifecycleEvent> {
    return this.#herald.events(soundWait(options), this.#control);
  }

  /**
   * One sentence: why a service is up, down, waiting or failed.
   *
   * @throws UnknownServiceError when there is no such service.
   */
  explain(service: string): string {
    return this.service(service).explain();
  }

  /** A plain snapshot of everything, for JSON. */
  status(): SupervisorStatus {
    return statusOf(this.#state, this.problems);
  }

  /** Stops the supervisor; afterwards nothing of it is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The tree as a picture, with states: what `console.log(supervisor)` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return draw(this.#state);
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
        // A service that is gone from the tree is forgotten once it is down.
        if (this.services.size !== this.#state.units.size) this.#roster.follow(this.#control);
        stepped();
      },
      publish: (event) => {
        if (event.type === 'tree') {
          this.#roster.follow(this.#control);
          this.#premises.scan.follow();
        }
        this.#herald.tell(event);
      },
    });
  }
}

/** Not in the class: a bundler gives another name to a class that names itself. */
function supervise(
  tree: Tree,
  options: SupervisorOptions,
  problems: readonly Problem[],
): Supervisor {
  return new Supervisor(tree, options, { problems });
}
