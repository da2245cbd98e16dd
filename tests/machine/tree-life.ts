import { changeInWords, effectInWords } from './in-words.ts';
import { tree, treeOptions } from './samples.ts';
import type { LifecycleInput, ServiceState } from '../../lib/machine/service/service-state.ts';
import type {
  ScriptProcessInput,
  ScriptStageName,
  MachineInput,
  TreeState,
} from '../../lib/machine/tree/tree-state.ts';
import type { TreeOptions } from '../../lib/machine/tree/tree-options.ts';
import { newTree, nextDeadline, treeStep } from '../../lib/machine/tree/tree-step.ts';
import type { Command } from '../../lib/model/program.ts';
import type { Tree } from '../../lib/model/tree.ts';
import type { Ending } from '../../lib/model/verdict.ts';

/**
 * The life of a tree, driven by inputs: no engine, no processes, no time but the given one. `told` and `asked` are
 * those of the last input.
 */
export class TreeLife {
  state: TreeState;
  now = 0;
  told: readonly string[] = [];
  asked: readonly string[] = [];
  /** The commands of all processes spawned so far, in order. */
  readonly commands: Command[] = [];
  readonly #options: TreeOptions;

  constructor(parts: Partial<Tree>, options: Partial<TreeOptions> = {}) {
    this.#options = treeOptions(options);
    this.state = newTree(tree(parts), { options: this.#options, now: 0 });
  }

  give(input: MachineInput): this {
    const step = treeStep(this.state, input, { options: this.#options, now: this.now });
    this.state = step.state;
    this.told = step.changes.map(changeInWords);
    this.asked = step.effects.map(effectInWords);
    for (const effect of step.effects)
      if (effect.type === 'spawn') this.commands.push(effect.command);
    return this;
  }

  /** Goes on to the services, through the init stage. */
  start(): this {
    return this.give({ type: 'advance', target: 'services' });
  }

  /** Goes on to the very end. */
  stop(grace?: number): this {
    return this.end({ reason: 'stopped', exitCode: 0 }, grace);
  }

  end(ending: Ending, grace?: number): this {
    return this.give({ type: 'end', ending, ...(grace !== undefined && { grace }) });
  }

  /** Gives the same input to several services, one after the other; `told` and `asked` are those of the last one. */
  service(names: string, input: LifecycleInput): this {
    for (const name of names.split(' ')) this.give({ type: 'service', service: name, input });
    return this;
  }

  /** Gives the services their processes. */
  rise(names: string): this {
    return this.service(names, { type: 'spawned', pid: 7 });
  }

  script(stage: ScriptStageName, input: ScriptProcessInput): this {
    return this.give({ type: 'script', stage, input });
  }

  /** Gives the running script of a stage its process, and lets it exit with this code. */
  runScript(stage: ScriptStageName, code = 0): this {
    this.script(stage, { type: 'spawned', pid: 8 });
    return this.script(stage, { type: 'exited', exit: { code, signal: null } });
  }

  swept(names: string): this {
    for (const service of names.split(' ')) this.give({ type: 'swept', service });
    return this;
  }

  cleared(): this {
    return this.give({ type: 'cleared', problems: [] });
  }

  /** Sets the time to this moment, and then applies what is due. */
  until(now: number): this {
    this.now = now;
    return this.give({ type: 'deadline' });
  }

  get next(): number | null {
    return nextDeadline(this.state);
  }

  at(name: string): ServiceState {
    const unit = this.state.units.get(name);
    if (unit === undefined) throw new Error(`There is no service '${name}'.`);
    return unit.state;
  }

  /** The services with their statuses: `web up, web/log starting`. */
  get standing(): string {
    return [...this.state.units].map(([name, { state }]) => `${name} ${state.status}`).join(', ');
  }
}
