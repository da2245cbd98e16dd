import type { Behaviour } from './behaviour.ts';
import type { Exit } from '../model/exit.ts';
import type { Command } from '../model/program.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Child, ChildListener } from '../runtime/spawner.ts';

/** A child without a process: it takes signals, and does what it is told. */
export class FakeChild implements Child {
  /** Who this is: `web`, `web/finish`, `web/log`, or a script's file name. */
  readonly name: string;
  /** What was to be run. */
  readonly command: Command;
  /** Its pid, a made-up one. */
  readonly pid: number;
  readonly #listener: ChildListener;
  readonly #behaviour: Behaviour;
  readonly #clock: Clock;
  readonly #signals: NodeJS.Signals[] = [];
  #alarms: (() => void)[] = [];
  #alive = false;
  #isReady = false;

  /** @internal */
  constructor(
    command: Command,
    pid: number,
    listener: ChildListener,
    behaviour: Behaviour,
    clock: Clock,
  ) {
    this.name = command.name;
    this.command = command;
    this.pid = pid;
    this.#listener = listener;
    this.#behaviour = behaviour;
    this.#clock = clock;
  }

  /** Whether it lives. */
  get alive(): boolean {
    return this.#alive;
  }

  /** The signals that it was sent, in order. */
  get signals(): readonly NodeJS.Signals[] {
    return this.#signals;
  }

  /** Announces its readiness. Without effect a second time, and in a child that has no descriptor to do so on. */
  ready(): void {
    if (!this.#alive || this.#isReady || this.command.notificationFd === undefined) return;
    this.#isReady = true;
    this.#listener.announced();
  }

  /** Prints text, line by line. Heard only where its output goes into events (`lines`). */
  print(text: string): void {
    const { stdout } = this.command;
    if (!this.#alive || stdout !== 'lines') return;
    for (const line of text.replace(/\n$/, '').split('\n')) this.#listener.printed('stdout', line);
  }

  /** Exits. Default: with code 0. */
  exit(exit: Exit = { code: 0, signal: null }): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const cancel of this.#alarms) cancel();
    this.#alarms = [];
    this.#listener.exited(exit, false);
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#alive) return;
    this.#signals.push(signal);
    const ends = signal === 'SIGKILL' || (deadly.has(signal) && !this.#ignores(signal));
    if (ends) this.#later(0, () => this.exit({ code: null, signal }));
  }

  lingers(): boolean {
    return false;
  }

  sweep(_grace: number, done: () => void): void {
    done();
  }

  /** @internal What its behaviour says, from its first moment on. */
  begin(): void {
    const { unspawnable, after = 0, exit, ready, print } = this.#behaviour;
    if (unspawnable !== undefined) {
      const message = `cannot be run (${unspawnable})`;
      this.#later(0, () => this.#listener.unspawnable({ code: unspawnable, message }));
      return;
    }
    this.#alive = true;
    this.#listener.spawned(this.pid);
    if (print !== undefined) this.#later(after, () => this.print(print));
    if (ready === true) this.#later(after, () => this.ready());
    if (exit !== undefined) this.#later(after, () => this.exit(exit));
    else if (this.#isScript()) this.#later(after, () => this.exit());
  }

  /** @internal The pipe that it reads has come to its end. */
  meetEndOfFile(): void {
    if (!this.#ignores('end-of-file')) this.#later(0, () => this.exit());
  }

  /** Whether it does something and ends. The host's own command, which alone has the host's stdin, goes on like a service. */
  #isScript(): boolean {
    const { calledBy, stdin } = this.command;
    return (calledBy === 'path' && stdin !== 'inherit') || this.name.endsWith('/finish');
  }

  #ignores(what: NodeJS.Signals | 'end-of-file'): boolean {
    return this.#behaviour.ignores?.includes(what) ?? false;
  }

  #later(ms: number, act: () => void): void {
    this.#alarms.push(this.#clock.at(this.#clock.now() + ms, act));
  }
}

/** The signals that end a process which does not handle them, as far as supervision sends them. */
const deadly: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGPIPE',
  'SIGABRT',
]);
