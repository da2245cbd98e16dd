import { profileOf } from '../../loader/profile.ts';
import type { ProgramReply } from '../../model/call.ts';
import { Supervisor } from '../../supervisor/supervisor.ts';
import type { FakeSpawnerOptions } from './fake-spawner.ts';
import { FakeSpawner } from './fake-spawner.ts';
import type { Life, LifeOptions } from '../observation/life.ts';
import { untilOf } from '../observation/life.ts';
import { TimeDriver } from './time-driver.ts';
import { PromptClock } from '../time/prompt-clock.ts';
import type { CallOptions } from './script-caller.ts';
import { ScriptCaller } from './script-caller.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { EventLog } from '../observation/event-log.ts';
import { transcript } from '../observation/transcript.ts';
import type { TreeSource } from '../trees/tree-source.ts';
import { sorted } from '../trees/tree-source.ts';
import { TreeNames } from '../observation/tree-names.ts';
import type { VirtualClock } from '../time/virtual-clock.ts';

/** The life of a tree in virtual time, without processes. Its methods do not need `this`. */
export interface Simulation extends Life {
  /** The clock. Its time passes only in `advance()` and `until()`. */
  readonly clock: VirtualClock;
  /** The spawner of the fake children, which follow their behaviours and otherwise behave naturally. */
  readonly spawner: FakeSpawner;
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
  /**
   * Calls a program of s6 as a script of the tree would, and returns its output and exit code: `s6-svc -d /run/service/web`,
   * `s6-svscanctl -t /run/s6/services`, `/run/s6/basedir/bin/halt`. The line is split at blanks. For a script that calls the program
   * during its life, use `call()` in the `does` of its behaviour.
   */
  call(line: string, options?: CallOptions): Promise<ProgramReply>;
  /**
   * Lets `ms` milliseconds pass, from one deadline to the next, and lets everything happen that is due on the way.
   *
   * @throws RangeError when `ms` is negative, infinite or not a number.
   */
  advance(ms: number): Promise<void>;
}

/** How a tree is simulated. */
export interface SimulateOptions extends LifeOptions, FakeSpawnerOptions {
  /**
   * Whether the tree has to run on this machine, so that a script without its interpreter here cannot be run, nor an empty one
   * of a literal. Default: false: the interpreter of every script exists.
   */
  readonly host?: boolean;
}

/**
 * Sets a tree up in virtual time: its processes are fake children, its clock stands still, and it neither writes to the disk nor
 * reads the host's environment. The supervisor is not started.
 *
 * What needs no time happens without `advance()`: `await supervisor.start()` resolves when nothing has to be waited for;
 * otherwise `await until(supervisor.start())` lets the time pass that the start takes. Nothing waits for real time.
 *
 * A script of the tree that could not be run with real processes cannot be run here either: one that is missing, or is a folder,
 * or an empty `run`, or one with an interpreter line that the system would not see. Programs that are no files of the tree count as
 * existing, and `''` in a literal stands for any script, unless `host` is true.
 *
 * A folder is read unchanged, and read again after its init stage; its `fix-attrs.d` is not applied. `output` defaults to `lines`,
 * which makes `output` events.
 *
 * @throws TreeError when the tree leaves nothing to run; under `strict`, when it has any problem.
 * @throws OptionsError when an option has an invalid value.
 */
export async function simulate(
  source: TreeSource,
  simulateOptions: SimulateOptions = {},
): Promise<Simulation> {
  const { variables = {}, profile = profileOf(variables), ...others } = simulateOptions;
  const { heard, host, addedLater = [], ...options } = others;
  const clock = new PromptClock();
  const disk = new SimulatedDisk(sorted(source));
  const spawner: FakeSpawner = new FakeSpawner(clock, heard === undefined ? {} : { heard }, {
    failureOf: (command) => disk.failureOf(command),
    names: () => names.children,
    requireName: (name) => names.requireChild(name),
  });
  const caller = new ScriptCaller();
  const { tree, problems } = await disk.read({ profile, host });
  const supervisor: Supervisor = new Supervisor(
    tree,
    { output: 'lines', ...options, clock, spawner },
    {
      problems,
      variables,
      world: { ...disk.world(problems), ...caller.world },
      onRequestHandler: caller.setHandler,
      // No real process may be left behind, so that a test runner may simulate in a Worker thread.
      thread: 'main',
    },
  );
  const names: TreeNames = new TreeNames({ supervisor, paths: () => disk.paths, addedLater });
  const story = new EventLog(supervisor);
  const lines = transcript(supervisor);
  const driver = new TimeDriver({ supervisor, clock, spawner, disk, story });
  return {
    supervisor,
    clock,
    spawner,
    events: story.events,
    transcript: lines,
    until: untilOf({ story, transcript: lines, names }, driver.drive),
    settle: () => driver.settle(),
    advance: (ms) => driver.advance(ms),
    call: (line, more) => caller.call(line, more),
    write: (files) => disk.write(files),
    remove: (path) => disk.remove(path),
    [Symbol.asyncDispose]: () => driver.end(),
  };
}
