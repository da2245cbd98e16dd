import type { SupervisorHandle } from './waits.ts';
import { inspectStage } from './inspect.ts';
import type { ServiceReport } from './status.ts';
import { reportsOf } from './status.ts';
import { OrderError } from '../errors.ts';
import { restlessIn } from '../machine/tree/catch-all.ts';
import type { ScriptResult, TreeState } from '../machine/tree/tree-state.ts';
import { isOver } from '../machine/tree/tree-state.ts';
import type { StageName, StageStatus } from '../model/event.ts';
import type { Exit } from '../model/exit.ts';
import type { StartFailure } from '../model/start-failure.ts';
import type { ScriptSpec } from '../model/tree.ts';
import type { Service } from './service.ts';
import type { StopOptions, WaitOptions } from '../options/wait-options.ts';
import { validateStop, validateWait } from '../options/wait-options.ts';

/** The three stages; each can be run separately. */
export interface Stages {
  /** The first stage: the scripts of `cont-init.d`. */
  readonly init: ScriptStage;
  /** The second stage: the services. */
  readonly services: ServiceStage;
  /** The last stage: the scripts of `cont-finish.d`. */
  readonly finish: ScriptStage;
}

/** The stages of one supervisor. */
export function stagesOf(
  services: ReadonlyMap<string, Service>,
  control: SupervisorHandle,
): Stages {
  return Object.freeze({
    init: new ScriptStage('init', control),
    services: new ServiceStage(services, control),
    finish: new ScriptStage('finish', control),
  });
}

/** The outcome of a stage. */
export interface StageResult {
  /** The name of the stage. */
  readonly stage: StageName;
  /** `failed` when a script failed, or when a service did not come up before the readiness timeout. */
  readonly status: 'completed' | 'failed';
  /** The scripts that were run, in order, each with its exit; empty for the services stage. */
  readonly scripts: readonly ScriptResult[];
  /** The names of the scripts that failed, or of the services that did not come up. */
  readonly failed: readonly string[];
  /** The services that did not come up, each with the reason; empty for a stage of scripts. */
  readonly failures: readonly StartFailure[];
}

/** The outcome of the services stage in a state in which it is over. */
export function servicesResult({ services }: TreeState): StageResult {
  const { status, failures, abandoned } = services;
  return {
    stage: 'services',
    status: status === 'failed' ? 'failed' : 'completed',
    scripts: [],
    failed: [...failures.map(({ name }) => name), ...abandoned],
    failures,
  };
}

/** A snapshot of a stage of scripts, as plain data. */
export interface ScriptStageReport {
  /** The name of the stage. */
  readonly name: 'init' | 'finish';
  /** The status of the stage. */
  readonly status: StageStatus;
  /** The scripts in the order in which they run. */
  readonly scripts: readonly Script[];
}

/** A snapshot of the services stage, as plain data. */
export interface ServiceStageReport {
  /** The name of the stage. */
  readonly name: 'services';
  /** The status of the stage. */
  readonly status: StageStatus;
  /** The services by name, including loggers. */
  readonly services: Readonly<Record<string, ServiceReport>>;
}

/** A script of a stage; a snapshot of the moment of the call. */
export interface Script {
  /** The file name. */
  readonly name: string;
  /** The script's specification: what is executed. */
  readonly spec: ScriptSpec;
  /** The script's status. `unspawnable`: the system refused to run it. */
  readonly status: 'pending' | 'running' | 'exited' | 'unspawnable';
  /** The pid of its process, while it runs. */
  readonly pid?: number;
  /** How it exited. Absent before its exit, and when it could not be run. */
  readonly exit?: Exit;
  /** How long it ran, in milliseconds. */
  readonly duration?: number;
}

/** A stage of scripts, `init` or `finish`: the scripts run one after the other (s6-overlay). */
export class ScriptStage {
  /** The discriminator between a stage of scripts and the services stage. */
  readonly kind = 'scripts';
  /** The name of the stage. */
  readonly name: 'init' | 'finish';
  readonly #control: SupervisorHandle;

  /** @internal */
  constructor(name: 'init' | 'finish', control: SupervisorHandle) {
    this.name = name;
    this.#control = control;
  }

  /** The scripts in the order in which they run, each with its status. */
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

  /** The status of the stage. */
  get status(): StageStatus {
    return this.#control.state[this.name].status;
  }

  /**
   * Runs the scripts of this stage and nothing else. The init stage must run before the services start. The finish stage runs
   * last: after it the supervisor has ended.
   *
   * @throws OrderError when the stage cannot run at this time.
   * @throws RuntimeDirectoryError when the runtime directory cannot be used.
   */
  async run(options?: WaitOptions): Promise<StageResult> {
    validateWait(options);
    const { state } = this.#control;
    if (this.name === 'init') {
      if (state.phase !== 'loaded' && state.phase !== 'initializing')
        this.#refuse('it comes first');
      this.#control.prepare();
      this.#control.input({ type: 'advance', target: 'init' });
    } else {
      const alive = restlessIn(state);
      if (alive.length > 0) this.#refuse(`${alive.join(', ')} must be down before it`);
      this.#control.prepare();
      this.#control.input({ type: 'advance', target: 'ended', skipInit: true });
    }
    return this.#control.until(
      () => (this.#isOver() ? this.#result() : undefined),
      { what: `The ${this.name} stage`, pending: () => this.#pending() },
      options,
    );
  }

  /** What `JSON.stringify(stage)` writes. */
  toJSON(): ScriptStageReport {
    return { name: this.name, status: this.status, scripts: this.scripts };
  }

  /** The stage with its scripts, as lines of text: what `console.log(stage)` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return inspectStage(this.name, this.#control.state);
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
      failures: [],
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

/** The services stage: the services start together and stop together. */
export class ServiceStage {
  /** The discriminator between the services stage and a stage of scripts. */
  readonly kind = 'services';
  /** The name of the stage. */
  readonly name = 'services';
  /** The services by name, including loggers. */
  readonly services: ReadonlyMap<string, Service>;
  readonly #control: SupervisorHandle;

  /** @internal */
  constructor(services: ReadonlyMap<string, Service>, control: SupervisorHandle) {
    this.services = services;
    this.#control = control;
  }

  /** The status of the stage: `completed` once all services have come up, `failed` when one has not and cannot for now. */
  get status(): StageStatus {
    return this.#control.state.services.status;
  }

  /**
   * Starts the services, without the init stage if that has not run. Resolves when each service has come up (is up and, if it
   * announces readiness, ready), cannot come up for now, or is no longer wanted. The result names those that did not come up.
   *
   * @throws OrderError when the supervisor stops or has ended.
   * @throws RuntimeDirectoryError when the runtime directory cannot be used.
   */
  async start(options?: WaitOptions): Promise<StageResult> {
    validateWait(options);
    this.#control.refuseOnTheWayDown('The start of the services');
    this.#control.prepare();
    const skipInit = this.#control.state.target === 'loaded';
    this.#control.input({ type: 'advance', target: 'services', skipInit });
    return this.#control.until(
      () => (isOver(this.status) ? servicesResult(this.#control.state) : undefined),
      { what: 'The start of the services', pending: () => this.#control.state.units.awaited },
      options,
    );
  }

  /**
   * Stops the services, loggers last. Resolves when all are down; the finish stage does not run. `killTimeout` replaces
   * `timeouts.services` here.
   */
  async stop(options?: StopOptions): Promise<StageResult> {
    const grace = validateStop(options).killTimeout;
    this.#control.input({
      type: 'advance',
      target: 'stopped',
      ...(grace !== undefined && { grace }),
    });
    const alive = (): readonly string[] => restlessIn(this.#control.state);
    return this.#control.until(
      () => {
        const { phase, units } = this.#control.state;
        const late = phase === 'finishing' || phase === 'ended';
        const down = phase === 'stopping' && units.sums.sweeping === 0 && units.sums.restless === 0;
        return late || down ? servicesResult(this.#control.state) : undefined;
      },
      { what: 'The stop of the services', pending: alive },
      options,
    );
  }

  /** What `JSON.stringify(stage)` writes. */
  toJSON(): ServiceStageReport {
    return { name: this.name, status: this.status, services: reportsOf(this.#control) };
  }

  /** The stage with its services, as lines of text: what `console.log(stage)` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return inspectStage(this.name, this.#control.state);
  }
}

function ended(spec: ScriptSpec, { exit, duration }: ScriptResult): Script {
  if (exit === null) return { name: spec.name, spec, status: 'unspawnable' };
  return { name: spec.name, spec, status: 'exited', exit, duration };
}
