import type { Control } from './control.ts';
import { OrderError } from './errors.ts';
import { restlessIn } from './machine/catch-all.ts';
import type { ScriptResult } from './machine/state.ts';
import { isOver } from './machine/state.ts';
import type { StageName, StageStatus } from './model/event.ts';
import type { Exit } from './model/exit.ts';
import type { ScriptSpec } from './model/tree.ts';
import type { Service } from './service.ts';
import type { StopOptions, WaitOptions } from './wait-options.ts';
import { soundStop, soundWait } from './wait-options.ts';

/** The three stages, each to be driven by itself. */
export interface Stages {
  /** The first: the scripts of `cont-init.d`. */
  readonly init: ScriptStage;
  /** The second: the services. */
  readonly services: ServiceStage;
  /** The last: the scripts of `cont-finish.d`. */
  readonly finish: ScriptStage;
}

/** The stages of one supervisor. */
export function stagesOf(services: ReadonlyMap<string, Service>, control: Control): Stages {
  return Object.freeze({
    init: new ScriptStage('init', control),
    services: new ServiceStage(services, control),
    finish: new ScriptStage('finish', control),
  });
}

/** How a stage ended. */
export interface StageResult {
  /** The stage. */
  readonly stage: StageName;
  /** `failed` when a script failed, or when a service did not come up in time. */
  readonly status: 'completed' | 'failed';
  /** The scripts that were run, in order, each with its end; empty for the stage of the services. */
  readonly scripts: readonly ScriptResult[];
  /** The names of the scripts that failed, or of the services that did not come up. */
  readonly failed: readonly string[];
}

/** A script of a stage, as it stands at the moment of asking. */
export interface Script {
  /** The file name. */
  readonly name: string;
  /** What is executed. */
  readonly spec: ScriptSpec;
  /** How it stands. */
  readonly status: 'pending' | 'running' | 'exited' | 'unspawnable';
  /** Its process, while it runs. */
  readonly pid?: number;
  /** How it ended. */
  readonly exit?: Exit;
  /** Milliseconds that it took. */
  readonly duration?: number;
}

/** A stage of scripts, `init` or `finish`: they run one after the other. */
export class ScriptStage {
  /** Tells it apart from the stage of the services. */
  readonly kind = 'scripts';
  /** Which of the two it is. */
  readonly name: 'init' | 'finish';
  readonly #control: Control;

  /** @internal */
  constructor(name: 'init' | 'finish', control: Control) {
    this.name = name;
    this.#control = control;
  }

  /** The scripts in their order, with how they stand. */
  get scripts(): readonly Script[] {
    const { scripts, results, running } = this.#control.state[this.name];
    return scripts.map((spec, index) => {
      const result = results[index];
      if (result !== undefined) return ended(spec, result);
      if (running === null || index !== results.length) {
        return { name: spec.name, spec, status: 'pending' };
      }
      const pid = running.pid === null ? {} : { pid: running.pid };
      return { name: spec.name, spec, status: 'running', ...pid };
    });
  }

  /** Where the stage stands. */
  get status(): StageStatus {
    return this.#control.state[this.name].status;
  }

  /**
   * Runs the scripts of this stage, and nothing else. The init stage comes first of all, the finish stage last: once
   * that has run, the supervisor has ended.
   *
   * @throws OrderError when the stage cannot come at this time.
   */
  async run(options?: WaitOptions): Promise<StageResult> {
    soundWait(options);
    const { state } = this.#control;
    if (this.name === 'init') {
      if (state.phase !== 'loaded' && state.phase !== 'initializing')
        this.#refuse('it comes first');
      this.#control.input({ type: 'advance', target: 'init' });
    } else {
      const alive = restlessIn(state);
      if (alive.length > 0) this.#refuse(`${alive.join(', ')} must be down before it`);
      this.#control.input({ type: 'advance', target: 'ended', skipInit: true });
    }
    return this.#control.until(
      () => (this.#isOver() ? this.#result() : undefined),
      { what: `The ${this.name} stage`, pending: () => this.#pending() },
      options,
    );
  }

  #isOver(): boolean {
    const { state } = this.#control;
    return this.name === 'init' ? isOver(state.init.status) : state.phase === 'ended';
  }

  #result(): StageResult {
    const { status, results } = this.#control.state[this.name];
    return {
      stage: this.name,
      status: status === 'failed' ? 'failed' : 'completed',
      scripts: results,
      failed: results.filter(({ exitCode }) => exitCode !== 0).map(({ script }) => script),
    };
  }

  #pending(): readonly string[] {
    return this.scripts
      .filter(({ status }) => status === 'pending' || status === 'running')
      .map(({ name }) => name);
  }

  #refuse(why: string): never {
    const { phase } = this.#control.state;
    throw new OrderError(`The ${this.name} stage cannot run in the phase '${phase}': ${why}.`);
  }
}

/** The stage of the services: they start together, and stop together. */
export class ServiceStage {
  /** Tells it apart from the stages of scripts. */
  readonly kind = 'services';
  /** The stage's name. */
  readonly name = 'services';
  /** The services by name, loggers among them. */
  readonly services: ReadonlyMap<string, Service>;
  readonly #control: Control;

  /** @internal */
  constructor(services: ReadonlyMap<string, Service>, control: Control) {
    this.services = services;
    this.#control = control;
  }

  /** Where the stage stands: `completed` once all services have come up, `failed` when some did not in time. */
  get status(): StageStatus {
    return this.#control.state.services.status;
  }

  /**
   * Starts the services; without the init stage, if that has not been run. Resolves when each is up (and ready, if it
   * announces), has failed, or the readiness timeout is over.
   *
   * @throws OrderError when everything is being stopped.
   */
  async start(options?: WaitOptions): Promise<StageResult> {
    soundWait(options);
    this.#control.refuseOnTheWayDown('The start of the services');
    const skipInit = this.#control.state.target === 'loaded';
    this.#control.input({ type: 'advance', target: 'services', skipInit });
    return this.#control.until(
      () => (isOver(this.status) ? this.#result() : undefined),
      { what: 'The start of the services', pending: () => this.#control.state.services.awaited },
      options,
    );
  }

  /**
   * Stops the services, loggers last. Resolves when all are down; the finish stage does not run. `killTimeout` stands here
   * for `timeouts.services`.
   */
  async stop(options?: StopOptions): Promise<StageResult> {
    const grace = soundStop(options).killTimeout;
    this.#control.input({
      type: 'advance',
      target: 'stopped',
      ...(grace !== undefined && { grace }),
    });
    const alive = (): readonly string[] => restlessIn(this.#control.state);
    return this.#control.until(
      () => {
        const { phase, services } = this.#control.state;
        const late = phase === 'finishing' || phase === 'ended';
        const down = phase === 'stopping' && services.sweeping.size === 0 && alive().length === 0;
        return late || down ? this.#result() : undefined;
      },
      { what: 'The stop of the services', pending: alive },
      options,
    );
  }

  #result(): StageResult {
    const { late } = this.#control.state.services;
    const status = this.status === 'failed' ? 'failed' : 'completed';
    return { stage: 'services', status, scripts: [], failed: late };
  }
}

function ended(spec: ScriptSpec, { exit, duration }: ScriptResult): Script {
  if (exit === null) return { name: spec.name, spec, status: 'unspawnable' };
  return { name: spec.name, spec, status: 'exited', exit, duration };
}
