import { SupervisorHandle } from '../../lib/supervisor/waits.ts';
import { defineTree } from '../../lib/loader/define.ts';
import type { ServiceInput, TreeInput } from '../../lib/loader/define.ts';
import { answer } from '../../lib/programs/answer.ts';
import type { ProgramAnswer } from '../../lib/model/call.ts';
import type { Supervised } from '../../lib/programs/supervised.ts';
import { Engine } from '../../lib/engine/engine.ts';
import { FakeSpawner } from '../../lib/testing/simulation/fake-spawner.ts';
import { VirtualClock } from '../../lib/testing/time/virtual-clock.ts';
import { treeOptions } from '../machine/samples.ts';

/** A supervisor in virtual time with its services in `/svc`, and calls of the programs that control it. */
export class Desk {
  readonly clock = new VirtualClock(1_700_000_000_000);
  readonly spawner = new FakeSpawner(this.clock);
  readonly control: SupervisorHandle;
  readonly supervised: Supervised;
  /** The changes to the disk, and one entry for each request to read the tree again. */
  readonly done: string[] = [];
  /** Milliseconds by which the wall clock has been set. */
  shift = 0;
  /** The processes that are stopped (SIGSTOP). */
  readonly stopped = new Set<number>();

  constructor(services: readonly ServiceInput[], more: Partial<TreeInput> = {}) {
    const tree = defineTree({ ...more, services });
    const { clock, spawner } = this;
    const world = {
      prepare: () => Promise.resolve([]),
      reread: () => Promise.resolve({ tree, problems: [] }),
      release: () => Promise.resolve([]),
    };
    const publish = (): void => undefined;
    const parts = { clock, spawner, world, options: treeOptions(), publish };
    const engine = (stepped: () => void): Engine => new Engine(tree, { ...parts, stepped });
    this.control = new SupervisorHandle(clock, engine, () => undefined);
    this.supervised = this.#supervised();
  }

  /** Starts everything. */
  start(): this {
    this.control.input({ type: 'advance', target: 'services' });
    this.clock.advance(0);
    return this;
  }

  /** Calls a program in `/svc`, or in the given directory, and then settles what needs no time. */
  call(line: string, directory = '/svc'): Promise<ProgramAnswer> {
    const [program = '', ...args] = line.split(' ');
    const told = answer({ program, args, directory }, this.supervised);
    this.clock.advance(0);
    return told;
  }

  /** How often a service was spawned. */
  runs(name: string): number {
    return this.spawner.spawned.filter((each) => each === name).length;
  }

  /** The stdout of a program. */
  async says(line: string): Promise<string | undefined> {
    const told = await this.call(line);
    return told === 'elsewhere' ? told : told.stdout;
  }

  /** The status of a service. */
  status(name: string): string | undefined {
    return this.control.unit(name)?.state.status;
  }

  #supervised(): Supervised {
    const { control, done, stopped } = this;
    return {
      get state() {
        return control.state;
      },
      get now() {
        return control.now;
      },
      timeOfDay: (moment) => control.timeOfDay(moment) + this.shift,
      input: (input) => {
        control.input(input);
      },
      until: (test, awaited, options) => control.until(test, awaited, options),
      rescan: () => Promise.resolve(done.push('rescan')),
      places: {
        serviceAt: (path) => /^\/svc\/([^/]+(?:\/log)?)$/.exec(path)?.[1],
        isScanDirectory: (path) => path === '/svc',
        setDown: (service, down) => {
          done.push(`${down ? 'make' : 'remove'} the down file of ${service}`);
        },
        isStopped: (pid) => stopped.has(pid),
      },
    };
  }
}
