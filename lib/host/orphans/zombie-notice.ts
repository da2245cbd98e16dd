import { onChildSignal } from '../os/child-signal.ts';
import { childrenOfThread, isZombie } from '../os/process-table.ts';
import { SpawnedChildren } from './spawned-children.ts';
import type { Problem } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';

/** Milliseconds that a dead child must stay a zombie before it is reported. */
const staysFor = 1000;

/** How many pids are reported. */
const examples = 5;

/** Reports, once, that zombies stay which only native code can reap. Checks when children die, at most once a second. */
export class ZombieNotice {
  readonly #spawned = new SpawnedChildren();
  readonly #why: string;
  readonly #onProblem: (problem: Problem) => void;
  #seen: ReadonlySet<number> = new Set();
  #later: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;

  /** @param why - Why there is no native code. */
  constructor(why: string, onProblem: (problem: Problem) => void) {
    this.#why = why;
    this.#onProblem = onProblem;
  }

  begin(): void {
    this.#spawned.begin();
    this.#unsubscribe = onChildSignal(this.#checkLater);
    this.#checkLater(); // for those that are dead already
  }

  end(): void {
    this.#unsubscribe?.();
    clearTimeout(this.#later);
    this.#spawned.end();
  }

  readonly #checkLater = (): void => {
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      this.#check();
    }, staysFor).unref();
  };

  #check(): void {
    const spawned = this.#spawned.pids();
    const zombies = childrenOfThread().filter((pid) => !spawned.has(pid) && isZombie(pid));
    const persistent = zombies.filter((pid) => this.#seen.has(pid));
    this.#seen = new Set(zombies);
    if (persistent.length > 0) {
      this.end();
      this.#onProblem(zombiesStay(persistent, this.#why));
    } else if (zombies.length > 0) this.#checkLater();
  }
}

function zombiesStay(pids: readonly number[], why: string): Problem {
  const list = `${pids.slice(0, examples).join(', ')}${pids.length > examples ? ' ...' : ''}`;
  const message =
    `orphans that this process has adopted are dead and stay zombies (${list}): Node waits only for its own children, ` +
    `and the native code that would reap them is not available (${why}). ` +
    'Each keeps its pid until this process ends; when all pids are taken, nothing can be started any more.';
  const remedy =
    "Install the optional package 'koffi' (npm install koffi), or let a process 1 that reaps start this program: " +
    'tini, docker run --init, or the shell script examples/container-init/init.sh.';
  return problem('zombies', `/proc/${String(process.pid)}`, message, { remedy });
}
