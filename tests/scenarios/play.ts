import { setImmediate as turn } from 'node:timers/promises';
import type { Scenario } from './parse.ts';
import { behavioursOf, exitOf, fileOf, wordsOf } from './parse.ts';
import { childOf, optionsOf, refuseUnknown, treeOf } from './tree-of.ts';
import { explainService } from '../../lib/machine/explain.ts';
import type { Input } from '../../lib/machine/machine.ts';
import type { TreeInput } from '../../lib/machine/state.ts';
import type { Command } from '../../lib/model/program.ts';
import { Engine } from '../../lib/runtime/engine.ts';
import type { Spawner } from '../../lib/runtime/spawner.ts';
import { FakeSpawner } from '../../lib/testing/fake-spawner.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { changeInWords, verdictInWords } from '../machine/in-words.ts';

/** Plays a scenario in virtual time and returns everything that happened: steps (`>`), effects (`→`) and events, each with its moment. */
export async function play(scenario: Scenario): Promise<string> {
  const stage = new Stage(scenario);
  for (const step of scenario.steps) await stage.step(step);
  return stage.transcript();
}

/** Where a scenario is played: the engine of a supervisor, and around it time, processes and a disk that are none. */
class Stage {
  readonly #clock = new VirtualClock();
  readonly #fakes = new FakeSpawner(this.#clock);
  readonly #files: Map<string, string>;
  readonly #engine: Engine;
  readonly #lines: string[] = [];

  constructor({ files, options }: Scenario) {
    this.#files = new Map(files);
    for (const path of files.keys()) this.#write(path);
    this.#engine = new Engine(treeOf(this.#files), {
      clock: this.#clock,
      spawner: this.#watched(this.#fakes),
      world: {
        prepare: () => Promise.resolve([]),
        reread: () => Promise.resolve({ tree: treeOf(this.#files), problems: [] }),
        release: () => Promise.resolve([]),
      },
      options: optionsOf(options),
      publish: (event) => {
        this.#line(changeInWords(event));
      },
      stepped: () => undefined,
    });
  }

  async step(step: string): Promise<void> {
    this.#line(`> ${step}`);
    const words = wordsOf(step);
    await this.#do(words);
    await this.#pass(0);
  }

  /** What happened, and how it stands at the end. */
  transcript(): string {
    const { phase, verdict, units } = this.#engine.state;
    const { alive } = this.#fakes;
    if (verdict !== null) {
      if (alive.length > 0) throw new Error(`Alive after the end: ${alive.join(', ')}`);
      if (this.#clock.alarms > 0) throw new Error('An alarm is set after the end.');
      this.#line(`end: ${verdictInWords(verdict)}`);
    } else {
      const standing = [...units].map(([name, { state }]) => `, ${name} ${state.status}`);
      this.#line(`still ${phase}${standing.join('')}`);
    }
    return `${this.#lines.join('\n')}\n`;
  }

  async #do(words: readonly string[]): Promise<void> {
    const [first = '', second = '', ...rest] = words;
    if (first === 'wait') return this.#pass(Number(second));
    if (first === 'write') return this.#write(...fileOf([second, ...rest].join(' ')));
    if (first === 'remove') return this.#remove(second);
    if (first === 'explain') return this.#explain(second);
    if (first === 'rescan') {
      return this.#engine.input({ type: 'reread', tree: treeOf(this.#files), problems: [] });
    }
    const input = treeInput(first, second, rest) ?? serviceInput(first, second, rest);
    if (input !== undefined) return this.#engine.input(input);
    this.#direct(first, second, rest);
  }

  /** What a child is told to do: `web exits 3`, `web announces`, `web prints text`. */
  #direct(name: string, what: string, [how = '0', ...more]: readonly string[]): void {
    const child = this.#fakes.child(name);
    if (what === 'exits') return child.exit(exitOf(how));
    if (what === 'announces') return child.ready();
    if (what === 'prints') return child.print([how, ...more].join(' '));
    throw new Error(`What is '${what}'?`);
  }

  async #pass(ms: number): Promise<void> {
    const end = this.#clock.now() + ms;
    await turn();
    for (let { next } = this.#clock; next !== undefined && next <= end; { next } = this.#clock) {
      this.#clock.advance(next - this.#clock.now());
      await turn();
    }
    this.#clock.advance(end - this.#clock.now());
  }

  #write(path: string, content = this.#files.get(path) ?? ''): void {
    this.#files.set(path, content);
    refuseUnknown(this.#files);
    const child = childOf(path);
    if (child !== undefined) this.#fakes.script(child, behavioursOf(content));
  }

  #remove(path: string): void {
    for (const file of [...this.#files.keys()]) {
      if (file === path || file.startsWith(`${path}/`)) this.#files.delete(file);
    }
  }

  #explain(name: string): void {
    const unit = this.#engine.state.units.get(name);
    this.#line(unit === undefined ? `no ${name}` : explainService(unit, this.#clock.now()));
  }

  /** The same spawner, and what is asked of it on record. */
  #watched(spawner: Spawner): Spawner {
    return {
      spawn: (command, listener) => {
        this.#line(`→ spawn ${callOf(command)}`);
        const child = spawner.spawn(command, listener);
        return {
          kill: (signal, scope) => {
            const group = scope === 'group' ? 'the group of ' : '';
            this.#line(`→ ${signal} to ${group}${command.name}`);
            child.kill(signal, scope);
          },
          lingers: () => child.lingers(),
          sweep: (grace, done) => {
            child.sweep(grace, done);
          },
        };
      },
      closePipe: (pipe) => {
        this.#line(`→ let go of the pipe of ${pipe}`);
        spawner.closePipe(pipe);
      },
      close: () => spawner.close(),
    };
  }

  #line(words: string): void {
    this.#lines.push(`${String(this.#clock.now()).padStart(6)}  ${words}`);
  }
}

function callOf({ name, args, program }: Command): string {
  const words = 'command' in program ? [...program.command, ...args] : args;
  const all = name.endsWith('/finish') || 'command' in program ? words : [];
  return [name, ...all].join(' ');
}

/** What is said to the whole: `start`, `init`, `services`, `stop`, `stop 500`, `stop services`, `run sh`. */
function treeInput(verb: string, object: string, rest: readonly string[]): TreeInput | undefined {
  const grace = /^\d+$/.test(object) ? { grace: Number(object) } : {};
  if (verb === 'start' && object === '') return { type: 'advance', target: 'services' };
  if (verb === 'init') return { type: 'advance', target: 'init' };
  if (verb === 'services') return { type: 'advance', target: 'services', skipInit: true };
  if (verb === 'stop' && object === 'services') return { type: 'advance', target: 'stopped' };
  if (verb === 'run') return { type: 'command', command: [object, ...rest] };
  if (verb !== 'stop' || (object !== '' && grace.grace === undefined)) return undefined;
  return { type: 'end', ending: { reason: 'stopped', exitCode: 0 }, ...grace };
}

/** What is said to one service: `start web`, `stop web 500`, `restart web`, `once web`, `signal web SIGHUP`. */
function serviceInput(
  verb: string,
  service: string,
  [more]: readonly string[],
): TreeInput | undefined {
  const patience = more === undefined ? {} : { patience: Number(more) };
  const inputs: Readonly<Record<string, Input>> = {
    start: { type: 'start' },
    once: { type: 'once' },
    stop: { type: 'stop', ...patience },
    restart: { type: 'restart', ...patience },
    signal: { type: 'signal', signal: more as NodeJS.Signals },
  };
  const input = inputs[verb];
  return input === undefined ? undefined : { type: 'service', service, input };
}
