import { onChildSignal } from '../os/child-signal.ts';
import { childrenOfThread, isZombie } from '../os/process-table.ts';
import { SpawnedChildren } from './spawned-children.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/** Milliseconds that a dead child must stay a zombie before it is told. */
const staysFor = 1000;

/** How many pids are told. */
const examples = 5;

/** Tells, once, that zombies stay which only native code can reap. Looks when children die, at most once a second. */
export class ZombieNotice {
  readonly #spawned = new SpawnedChildren();
  readonly #why: string;
  readonly #told: (problem: Problem) => void;
  #seen: ReadonlySet<number> = new Set();
  #later: NodeJS.Timeout | undefined;
  #deafen: (() => void) | undefined;

  /** @param why - Why there is no native code. */
  constructor(why: string, told: (problem: Problem) => void) {
    this.#why = why;
    this.#told = told;
  }

  begin(): void {
    this.#spawned.begin();
    this.#deafen = onChildSignal(this.#lookLater);
    this.#lookLater(); // at those that are dead already
  }

  end(): void {
    this.#deafen?.();
    clearTimeout(this.#later);
    this.#spawned.end();
  }

  readonly #lookLater = (): void => {
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      this.#look();
    }, staysFor).unref();
  };

  #look(): void {
    const spawned = this.#spawned.pids();
    const zombies = childrenOfThread().filter((pid) => !spawned.has(pid) && isZombie(pid));
    const stay = zombies.filter((pid) => this.#seen.has(pid));
    this.#seen = new Set(zombies);
    if (stay.length > 0) {
      this.end();
      this.#told(zombiesStay(stay, this.#why));
    } else if (zombies.length > 0) this.#lookLater();
  }
}

function zombiesStay(pids: readonly number[], why: string): Problem {
  const list = `${pids.slice(0, examples).join(', ')}${pids.length > examples ? ' ...' : ''}`;
  const message =
    `orphans that came to this process are dead and stay zombies (${list}): Node waits only for children of its own, ` +
    `and the native code that would reap them is not to be had (${why}). ` +
    'Each keeps its pid until this process ends; when all pids are taken, nothing can be started any more.';
  const remedy =
    "Install the optional package 'koffi' (npm install koffi), or let a process 1 that reaps start this program: " +
    'tini, docker run --init, or the shell script examples/container-init/init.sh.';
  return problem('zombies', `/proc/${String(process.pid)}`, message, { remedy });
}
