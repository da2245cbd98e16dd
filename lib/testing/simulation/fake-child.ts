import type { Behaviour, Ignorable } from './behaviour.ts';
import { exitOf, isScript, requireSignal } from './behaviour.ts';
import type { SpawnerRequest } from './spawner-request.ts';
import type { Exit } from '../../model/exit.ts';
import { signalNumber } from '../../model/exit.ts';
import type { Leftover } from '../../model/leftover.ts';
import type { Command } from '../../model/program.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Child, ChildListener } from '../../engine/spawner.ts';
import type { SpawnFailure } from '../../model/spawn-failure.ts';

/** What a fake child needs from its spawner. */
export interface FakeChildParts {
  readonly pid: number;
  readonly behaviour: Behaviour;
  /** Why the child cannot be run, whatever its behaviour says. */
  readonly failure: SpawnFailure | undefined;
  readonly clock: Clock;
  /** Called with each request, before it takes effect. */
  readonly onRequest: (request: SpawnerRequest) => void;
  /** Called when the child begins later than it was requested. */
  readonly begunLate: () => void;
  /** Called when the child has exited, and again when the processes that it left behind have exited. */
  readonly ended: () => void;
}

/** A sweep under way, and whether it has to send KILL. */
interface FakeSweep {
  readonly done: (killed: readonly Leftover[]) => void;
  readonly kills: boolean;
}

/** The distance between the pid of a child and the pid of a process that it leaves behind; higher than any pid of a child. */
const othersFrom = 1_000_000;

/**
 * A child without a process. It reacts to signals as a process without signal handlers does, and otherwise follows its behaviour
 * and the calls of the test.
 *
 * While it is stopped by STOP it does nothing: the steps of its behaviour, the calls of the test and the effects of other signals
 * wait for CONT. Only KILL takes effect at once.
 */
export class FakeChild implements Child {
  /** The name of the child: `web`, `web/finish`, `web/log`, or a script's file name. */
  readonly name: string;
  /** The command that was requested. */
  readonly command: Command;
  /** The pid, which is not that of a real process. */
  readonly pid: number;
  readonly #listener: ChildListener;
  readonly #parts: FakeChildParts;
  readonly #signals: NodeJS.Signals[] = [];
  #alarms: (() => void)[] = [];
  #alive = false;
  #exit: Exit | undefined;
  #isReady = false;
  #stopped = false;
  /** The actions that wait for CONT. */
  #held: (() => void)[] = [];
  /** The signals that end the child after CONT. */
  #pending: NodeJS.Signals[] = [];
  /** The other processes of its group. `willing`: a signal ends them; `stubborn`: only KILL does. */
  #others: 'none' | 'willing' | 'stubborn' = 'none';
  /** The sweeps that wait for the end of the others. */
  #sweeps: FakeSweep[] = [];

  /** @internal */
  constructor(command: Command, listener: ChildListener, parts: FakeChildParts) {
    this.name = command.name;
    this.command = command;
    this.pid = parts.pid;
    this.#listener = listener;
    this.#parts = parts;
  }

  /** Whether the child is alive. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Whether the child is alive and was stopped by STOP without a later CONT. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** The signals that the child was sent, in order. */
  get signals(): readonly NodeJS.Signals[] {
    return this.#signals;
  }

  /** @internal How the child exited. */
  get lastExit(): Exit | undefined {
    return this.#exit;
  }

  /** What `JSON.stringify(child)` writes. */
  toJSON(): Pick<FakeChild, 'name' | 'pid' | 'alive'> {
    return { name: this.name, pid: this.pid, alive: this.alive };
  }

  /** The name, the pid and whether it is alive: what `console.log(child)` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const state = this.#alive ? (this.#stopped ? 'stopped' : 'alive') : 'not alive';
    return `FakeChild ${this.name} (pid ${String(this.pid)}, ${state})`;
  }

  /** Announces its readiness. Does nothing a second time, or without a descriptor for it (`notification-fd`). */
  ready(): void {
    this.#act(() => {
      if (this.#isReady || this.command.notificationFd === undefined) return;
      this.#isReady = true;
      this.#listener.announced();
    });
  }

  /** Prints text, line by line. Does nothing unless the command's output for the stream is `lines`. Default stream: stdout. */
  print(text: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
    if (this.command[stream] !== 'lines') return;
    for (const line of text.replace(/\n$/, '').split('\n')) {
      this.#act(() => this.#listener.printed(stream, line));
    }
  }

  /**
   * Exits with a code, by a signal, or in the way that an `Exit` says. Default: with exit code 0.
   *
   * @throws TypeError when a process cannot exit in this way.
   */
  exit(how: Exit | number | NodeJS.Signals = 0): void {
    const exit = exitOf(how);
    if (exit.signal === 'SIGKILL') this.#end(exit);
    else this.#act(() => this.#end(exit));
  }

  kill(signal: NodeJS.Signals, scope: 'process' | 'group' = 'process'): void {
    requireSignal(signal);
    this.#parts.onRequest({ type: 'kill', name: this.name, signal, scope });
    if (!this.#alive) return;
    this.#signals.push(signal);
    if (scope === 'group') this.#signalOthers(signal);
    if (signal === 'SIGKILL') this.#die(signal);
    else if (signal === 'SIGSTOP') this.#stopped = true;
    else if (signal === 'SIGCONT') this.#continue();
    else if (isDeadly(signal) && !this.#ignores(signal)) {
      if (this.#stopped) this.#pending.push(signal);
      else this.#die(signal);
    }
  }

  lingers(): boolean {
    return !this.#alive && this.#others !== 'none';
  }

  sweep(grace: number, done: (killed: readonly Leftover[]) => void): void {
    this.#parts.onRequest({ type: 'sweep', name: this.name, grace });
    if (!this.lingers()) return done([]);
    const sweep = { done, kills: this.#others === 'stubborn' || grace === 0 };
    this.#sweeps.push(sweep);
    this.#later(this.#others === 'stubborn' ? grace : 0, () => this.#endOthers(sweep));
  }

  /** @internal Begins the behaviour; called at the moment of the spawn. */
  begin(): void {
    const { unspawnable, spawnAfter } = this.#parts.behaviour;
    const failure = this.#parts.failure ?? scripted(unspawnable);
    if (failure !== undefined) {
      this.#later(spawnAfter ?? 0, () => {
        this.#listener.unspawnable(failure);
      });
    } else if (spawnAfter === undefined) this.#live();
    else {
      this.#later(spawnAfter, () => {
        this.#live();
        this.#parts.begunLate();
      });
    }
  }

  /** @internal Called when the pipe that the child reads is at its end. */
  meetEndOfFile(): void {
    if (!this.#ignores('end-of-file')) this.#later(0, () => this.exit());
  }

  #live(): void {
    const { leaves = false } = this.#parts.behaviour;
    this.#alive = true;
    if (leaves !== false) this.#others = leaves === 'stubborn' ? 'stubborn' : 'willing';
    this.#listener.spawned(this.pid);
    this.#follow(this.#parts.behaviour);
  }

  #follow(step: Behaviour): void {
    const { after = 0, ...what } = step;
    const isIdle = Object.keys(what).length === 0 && !isScript(this.command);
    if (!this.#alive || isIdle || after === Infinity) return;
    this.#later(after, () => this.#act(() => this.#take(step)));
  }

  #take({ does, print, stream, ready, exit, next }: Behaviour): void {
    does?.();
    if (print !== undefined) this.print(print, stream);
    if (ready === true) this.ready();
    if (exit !== undefined) this.exit(exit);
    else if (next !== undefined) this.#follow(next);
    else if (isScript(this.command)) this.exit();
  }

  #act(act: () => void): void {
    if (this.#stopped) this.#held.push(act);
    else if (this.#alive) act();
  }

  /** Of several pending signals, the one with the lowest number takes effect first, as in the kernel. */
  #continue(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    const held = this.#held.splice(0);
    const [signal] = this.#pending.toSorted((a, b) => signalNumber(a) - signalNumber(b));
    if (signal !== undefined) return this.#die(signal);
    this.#later(0, () => {
      for (const act of held) this.#act(act);
    });
  }

  #die(signal: NodeJS.Signals): void {
    this.#later(0, () => this.#end({ code: null, signal }));
  }

  #end(exit: Exit): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#stopped = false;
    this.#exit = exit;
    this.#held = [];
    this.#callOff();
    this.#parts.ended();
    this.#listener.exited(exit, this.lingers());
  }

  #signalOthers(signal: NodeJS.Signals): void {
    const ends = signal === 'SIGKILL' || (this.#others === 'willing' && isDeadly(signal));
    if (ends) this.#others = 'none';
  }

  /** One sweep ends all of the other processes; then every sweep is over. */
  #endOthers(by: FakeSweep): void {
    this.#others = 'none';
    this.#callOff();
    this.#parts.ended();
    const them = [{ pid: this.pid + othersFrom, name: this.name }];
    for (const sweep of this.#sweeps.splice(0)) sweep.done(sweep === by && by.kills ? them : []);
  }

  #ignores(what: Ignorable): boolean {
    return this.#parts.behaviour.ignores?.includes(what) ?? false;
  }

  #later(ms: number, act: () => void): void {
    const { clock } = this.#parts;
    this.#alarms.push(clock.at(clock.now() + ms, act));
  }

  #callOff(): void {
    for (const cancel of this.#alarms) cancel();
    this.#alarms = [];
  }
}

function scripted(code: string | undefined): SpawnFailure | undefined {
  return code === undefined ? undefined : { code, message: `it was refused with ${code}.` };
}

/**
 * Whether a signal ends a process that does not handle it. TSTP, TTIN and TTOU, which stop jobs of a terminal, have no effect in
 * a session of its own. A signal that Linux lacks cannot be sent.
 */
function isDeadly(signal: NodeJS.Signals): boolean {
  return signalNumber(signal) !== 0 && !harmless.has(signal);
}

const harmless: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGWINCH',
]);
