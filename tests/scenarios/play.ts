import type { Scenario } from './parse.ts';
import { behavioursOf, exitOf, fileOf, wordsOf } from './parse.ts';
import { childOf, literalOf, optionsOf } from './setting.ts';
import { withstandKill } from './withstand-kill.ts';
import { StagekeeperError } from '../../lib/index.ts';
import type { Supervisor } from '../../lib/index.ts';
import type { Simulation, SpawnerRequest } from '../../lib/testing/index.ts';
import { simulate } from '../../lib/testing/index.ts';
import { eventInWords, timedLine } from '../../lib/testing/observation/transcript.ts';
import { verdictInWords } from '../machine/in-words.ts';
import { asWallClock } from '../wall-clock.ts';

/**
 * Plays a scenario in virtual time and returns everything that happened, each with its moment: steps (`>`), requests to
 * the spawner (`→`), events, and promises that were rejected (`✗`).
 */
export async function play(scenario: Scenario): Promise<string> {
  const lines: string[] = [];
  const sayAt = (words: string): void => {
    lines.push(timedLine(life.clock.now(), words));
  };
  const heard = (request: SpawnerRequest): void => {
    const words = requestInWords(request);
    if (words !== undefined) sayAt(`→ ${words}`);
  };
  const life: Simulation = await simulate(literalOf(scenario.files), {
    ...optionsOf(scenario.options),
    heard,
  });
  withstandKill(life.spawner, { names: unkillable(scenario), heard });
  life.supervisor.on('event', (event) => {
    sayAt(eventInWords(event, { times: true, root: '/tree' }));
  });
  const stage = new Stage(life, sayAt);
  try {
    for (const [path, content] of scenario.files) stage.script(path, content);
    for (const step of scenario.steps) await stage.step(step);
    sayAt(stage.outcome());
    return `${lines.join('\n')}\n`;
  } finally {
    await life[Symbol.asyncDispose]();
  }
}

/** The names of the children that KILL does not end. */
function unkillable({ files }: Scenario): ReadonlySet<string> {
  const paths = [...files].filter(([, content]) => wordsOf(content).includes('unkillable'));
  return new Set(paths.map(([path]) => childOf(path) ?? path));
}

/** Executes the steps of a scenario. */
class Stage {
  readonly #life: Simulation;
  readonly #setClock: (ms: number) => void;
  readonly #say: (words: string) => void;

  constructor(life: Simulation, say: (words: string) => void) {
    this.#life = life;
    this.#setClock = asWallClock(life.clock);
    this.#say = say;
  }

  /** Sets what the child of a script does, if the path is that of a script. */
  script(path: string, content: string): void {
    const child = childOf(path);
    if (child !== undefined) this.#life.spawner.script(child, behavioursOf(content));
  }

  /** Executes a step, or several at the same moment (`stop web and start web`), and then settles what needs no time. */
  async step(step: string): Promise<void> {
    this.#say(`> ${step}`);
    await Promise.all(step.split(' and ').map((words) => this.#do(words)));
    await this.#life.settle();
  }

  async #do(words: string): Promise<void> {
    const [first = '', second = '', ...rest] = wordsOf(words);
    const does = this.#steps[first];
    if (does === undefined) this.#direct(first, second, rest);
    else await does(second, ...rest);
  }

  /** The final state. */
  outcome(): string {
    const { supervisor, spawner, clock } = this.#life;
    const { phase, services, verdict } = supervisor.status();
    if (verdict !== undefined) {
      if (spawner.alive.length > 0)
        throw new Error(`Alive after the end: ${spawner.alive.join(', ')}`);
      if (spawner.children.some((child) => child.lingers()))
        throw new Error('Leftovers are alive after the end.');
      if (clock.alarms > 0) throw new Error('A timer is set after the end.');
      return `end: ${verdictInWords(verdict)}`;
    }
    const standing = Object.entries(services).map(([name, { status }]) => `, ${name} ${status}`);
    return `still ${phase}${standing.join('')}`;
  }

  /** The steps that concern the supervisor, one service, the time and the disk. */
  get #steps(): Readonly<Record<string, Step>> {
    const { supervisor, advance, write, remove } = this.#life;
    const { init, services, finish } = supervisor.stages;
    return {
      start: (name) => {
        this.#ask(name === '' ? supervisor.start() : supervisor.service(name).start());
      },
      stop: (what, ms) => {
        this.#ask(stopOf(supervisor, what, ms));
      },
      run: (...words) => {
        const waitForServices = words[0] === 'waiting';
        const command = waitForServices ? words.slice(1) : words;
        this.#ask(supervisor.run({ command, waitForServices }));
      },
      init: () => {
        this.#ask(init.run());
      },
      services: () => {
        this.#ask(services.start());
      },
      finish: () => {
        this.#ask(finish.run());
      },
      rescan: () => {
        this.#ask(supervisor.rescan());
      },
      once: (name) => {
        this.#ask(supervisor.service(name).once());
      },
      restart: (name, ms) => {
        this.#ask(supervisor.service(name).restart(patience(ms)));
      },
      signal: (name, signal) => {
        supervisor.service(name).signal(signal as NodeJS.Signals);
      },
      explain: (name) => {
        this.#say(supervisor.explain(name));
      },
      wait: (ms) => advance(Number(ms)),
      clock: (ms) => {
        this.#setClock(Number(ms));
      },
      write: async (...words) => {
        const [path, content] = fileOf(words.join(' '));
        await write(literalOf(new Map([[path, content]])));
        this.script(path, content);
      },
      remove,
    };
  }

  /** A promise that is rejected is part of the transcript. */
  #ask(promise: Promise<unknown>): void {
    promise.catch((error: unknown) => {
      this.#say(`✗ ${error instanceof StagekeeperError ? error.code : String(error)}`);
    });
  }

  /** Makes a child act: `web exits 3`, `web announces`, `web prints text`. */
  #direct(name: string, what: string, [how = '0', ...more]: readonly string[]): void {
    const child = this.#life.spawner.child(name);
    if (what === 'exits') return child.exit(exitOf(how));
    if (what === 'announces') return child.ready();
    if (what === 'prints') return child.print([how, ...more].join(' '));
    throw new Error(`What is '${what}'?`);
  }
}

type Step = (name: string, ...rest: string[]) => void | Promise<void>;

/** `stop`, `stop 500` within so many milliseconds, `stop services`, `stop web`, `stop web 500`. */
function stopOf(supervisor: Supervisor, what: string, ms?: string): Promise<unknown> {
  if (what === '' || /^\d+$/.test(what)) return supervisor.stop(patience(what));
  if (what === 'services') return supervisor.stages.services.stop(patience(ms));
  return supervisor.service(what).stop(patience(ms));
}

function patience(ms = ''): { readonly killTimeout?: number } {
  return ms === '' ? {} : { killTimeout: Number(ms) };
}

/** A request to the spawner in words; sweeps, which have no visible effect, are left out. */
function requestInWords(request: SpawnerRequest): string | undefined {
  switch (request.type) {
    case 'spawn': {
      const { name, args, program } = request.command;
      const words = 'command' in program ? [...program.command, ...args] : args;
      const shown = name.endsWith('/finish') || 'command' in program ? words : [];
      return ['spawn', name, ...shown].join(' ');
    }
    case 'kill': {
      const group = request.scope === 'group' ? 'the group of ' : '';
      return `${request.signal} to ${group}${request.name}`;
    }
    case 'closePipe':
      return `let go of the pipe of ${request.pipe}`;
    case 'sweep':
    case 'sweepRunaways':
    case 'close':
      return undefined;
  }
}
