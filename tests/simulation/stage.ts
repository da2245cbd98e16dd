import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { Act, Life } from './lives.ts';
import { WatchedSpawner } from './watched-spawner.ts';
import { isAtRest } from '../../lib/machine/service/lifecycle.ts';
import type { Goal, LifecycleInput } from '../../lib/machine/service/service-state.ts';
import type { MachineInput, TreeState } from '../../lib/machine/tree/tree-state.ts';
import { isDescending } from '../../lib/machine/tree/tree-state.ts';
import { nextDeadline } from '../../lib/machine/tree/tree-step.ts';
import type { LifecycleEvent, Phase, ServiceStatus } from '../../lib/model/event.ts';
import { producerOf } from '../../lib/model/tree.ts';
import { Engine } from '../../lib/engine/engine.ts';
import { FakeSpawner } from '../../lib/testing/simulation/fake-spawner.ts';
import { VirtualClock } from '../../lib/testing/time/virtual-clock.ts';

const phases: readonly Phase[] = [
  'loaded',
  'initializing',
  'starting',
  'running',
  'stopping',
  'finishing',
  'ended',
];

/** Runs a random life: an engine in virtual time, with a check of the invariants after each of its steps. */
export class Stage {
  readonly clock = new VirtualClock();
  readonly spawner: WatchedSpawner;
  readonly engine: Engine;
  readonly #life: Life;
  readonly #fakes = new FakeSpawner(this.clock);
  /** The services that were started by command, and those that were signalled or stopped. */
  readonly #started = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #told = new Map<string, ServiceStatus>();
  #sequence = 0;
  #at = 0;
  #phase: Phase = 'loaded';
  #reading = 0;
  #failure: unknown;

  constructor(life: Life) {
    this.#life = life;
    for (const [name, does] of Object.entries(life.behaviours)) this.#fakes.script(name, does);
    this.spawner = new WatchedSpawner(this.#fakes, this.clock, life, {
      judge: (check) => {
        this.#guard(check);
      },
      hasFinish: (name) => this.#unit(name)?.spec.finish !== undefined,
      mayRun: (name) => this.#mayRun(name),
      mayEnd: (name) => this.#asked.has(name) || this.#leavesAlone(name),
    });
    this.engine = new Engine(this.#read(0), {
      clock: this.clock,
      spawner: {
        spawn: (command, listener) => this.spawner.spawn(command, listener),
        closePipe: (pipe) => {
          this.spawner.closePipe(pipe);
        },
        sweep: (grace, done) => {
          this.spawner.sweep(grace, done);
        },
        close: () => this.#answer(() => this.spawner.close(), 0),
      },
      world: {
        prepare: () => this.#answer(() => [], life.delay),
        reread: () =>
          this.#answer(() => ({ tree: this.#read(++this.#reading), problems: [] }), life.delay),
        release: () => this.#answer(() => [], 0),
      },
      options: life.options,
      publish: (event) => {
        this.#guard(() => {
          this.#hear(event);
        });
      },
      stepped: () => {
        this.#guard(() => {
          this.#check(this.engine.state);
        });
      },
    });
  }

  get alive(): readonly string[] {
    return this.#fakes.alive;
  }

  async play(act: Act): Promise<void> {
    switch (act.do) {
      case 'tell':
        this.tell(act.input);
        break;
      case 'reread':
        this.tell({ type: 'reread', tree: this.#read(act.tree), problems: [] });
        break;
      case 'exit':
        this.#someone(act.child)?.exit(act.exit);
        break;
      case 'announce':
        this.#someone(act.child)?.ready();
        break;
      case 'pass':
        await this.pass(act.ms);
    }
    await this.#settled();
  }

  tell(input: MachineInput): void {
    if (input.type !== 'service') {
      this.engine.input(input);
      return;
    }
    const { service } = input;
    const { type } = input.input;
    const before = this.#unit(service)?.state;
    const accepts = !isDescending(this.engine.state) && this.#unit(service)?.leaving === false;
    if (type === 'stop' || type === 'restart' || type === 'signal') this.#asked.add(service);
    if (accepts && type !== 'stop' && type !== 'signal') this.#started.add(service);
    this.engine.input(input);
    const after = this.#unit(service)?.state;
    if (before === undefined || after === undefined) return;
    const goal = accepts || type === 'stop' ? goalAfter(input.input, before) : before.goal;
    assert.equal(after.goal, goal, `${before.status} + ${type}`);
  }

  /** Lets time pass, from one alarm to the next. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    await this.#settled();
    for (let { next } = this.clock; next !== undefined && next <= end; { next } = this.clock) {
      this.clock.advance(next - this.clock.now());
      await this.#settled();
      this.#guard(() => {
        this.#expectNothingOverdue();
      });
    }
    this.clock.advance(end - this.clock.now());
  }

  /** Ends every living process. */
  exitAll(): void {
    for (const name of this.alive) this.#fakes.child(name).exit();
  }

  /** Resolves once every pending promise has settled. */
  async #settled(): Promise<void> {
    await turn();
    if (this.#failure !== undefined) throw this.#failure as Error;
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  /** The answer of the world after a delay. */
  #answer<T>(answer: () => T | Promise<T>, delay: number): Promise<T> {
    return new Promise((resolve) => {
      this.clock.at(this.clock.now() + delay, () => {
        resolve(answer());
      });
    });
  }

  #read(index: number) {
    const { trees } = this.#life;
    const found = trees[index % trees.length];
    assert.ok(found !== undefined);
    return found;
  }

  #unit(name: string) {
    return this.engine.state.units.get(name);
  }

  #someone(index: number) {
    const { alive } = this;
    const name = alive[index % alive.length];
    return name === undefined ? undefined : this.#fakes.child(name);
  }

  #mayRun(name: string): boolean {
    const isGone = this.#unit(name)?.leaving === true && producerOf(name) === undefined;
    if (isGone) return false;
    const byHand = this.#started.has(name) || this.#started.has(producerOf(name) ?? name);
    return byHand || this.engine.state.services.status !== 'pending';
  }

  /** Whether a logger has left the tree while its producer has not. */
  #leavesAlone(name: string): boolean {
    const producer = producerOf(name) ?? name;
    return this.#unit(name)?.leaving === true && this.#unit(producer)?.leaving === false;
  }

  // The invariants

  #hear(event: LifecycleEvent): void {
    this.#sequence += 1;
    assert.equal(event.sequence, this.#sequence, 'a gap in the sequence');
    assert.ok(event.at >= this.#at, 'time went back');
    this.#at = event.at;
    if (event.type === 'service') {
      assert.equal(event.from, this.#told.get(event.service) ?? 'down', event.service);
      assert.notEqual(event.from, event.to);
      this.#told.set(event.service, event.to);
    }
    if (event.type === 'phase') {
      assert.equal(event.from, this.#phase);
      assert.ok(phases.indexOf(event.to) > phases.indexOf(event.from), 'a phase went back');
      this.#phase = event.to;
    }
  }

  #check(state: TreeState): void {
    assert.equal(state.phase, this.#phase);
    for (const name of this.#told.keys()) if (!state.units.has(name)) this.#told.delete(name);
    for (const [name, { state: service }] of state.units) {
      assert.equal(service.status, this.#told.get(name) ?? 'down', `${name}: an event is missing`);
      if (isAtRest(service)) assert.equal(service.goal, 'down', name);
      if (service.status === 'backoff') assert.equal(service.goal, 'up', name);
      if (service.status === 'up') assert.ok(['up', 'once'].includes(service.goal), name);
      const waits = 'deadline' in service && service.deadline !== null;
      if (isAtRest(service) || service.status === 'up') assert.ok(!waits, `${name} waits`);
    }
    this.spawner.expectNoDebt();
    this.#checkChildren();
    if (state.phase === 'ended') assert.equal(nextDeadline(state), null);
  }

  #checkChildren(): void {
    const services = this.alive.map((name) => name.replace(/\/finish$/, ''));
    assert.equal(new Set(services).size, services.length, `twice alive: ${services.join(', ')}`);
  }

  #expectNothingOverdue(): void {
    const next = nextDeadline(this.engine.state);
    assert.ok(next === null || next >= this.clock.now(), 'a deadline has passed and nothing came');
  }
}

/** What a service is meant to do after a command. */
function goalAfter(
  { type }: LifecycleInput,
  before: { readonly status: ServiceStatus; goal: Goal },
): Goal {
  if (type === 'stop') return 'down';
  if (type === 'start' || type === 'restart') return 'up';
  if (type !== 'once') return before.goal;
  return before.status === 'stopping' || before.status === 'finishing' ? 'down' : 'once';
}
