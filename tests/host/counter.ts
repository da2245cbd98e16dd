import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ProgramAnswer, ProgramCall } from '../../lib/model/call.ts';
import { ControlFifos } from '../../lib/host/script-interface/control-fifos.ts';
import type { Problem } from '../../lib/model/problem.ts';
import { RuntimeDirectory } from '../../lib/host/directory/runtime-directory.ts';
import { requestShim } from '../../lib/host/shims/request.ts';
import { childrenOf, openDescriptors, openedSince } from '../processes.ts';
import { plant, testFolder } from './folder.ts';

/** Control FIFOs that shims send their requests to, with a fake request handler. */
export interface Counter {
  readonly runtime: RuntimeDirectory;
  readonly control: ControlFifos;
  readonly asked: ProgramCall[];
  readonly commands: string[];
  readonly problems: Problem[];
  /** The signal of each request: it aborts when the shim no longer waits for the answer. */
  readonly signals: AbortSignal[];
  /** Sets the answer to all further requests; a promise delays it. */
  say(currentAnswer: ProgramAnswer | Promise<ProgramAnswer>): void;
  /** Sets how many letters of each further command are unknown. */
  setUnknown(letters: number): void;
  /** Closes the control FIFOs, as the supervisor does at its end. */
  close(): Promise<void>;
  /** Runs a shim with arguments, and resolves with its result. */
  call(name: string, args: readonly string[], more?: Calling): Promise<Called>;
}

interface Calling {
  readonly shell?: readonly string[];
  readonly directory?: string;
  readonly path?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

interface Called {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Opens control FIFOs with a fake request handler, for shims of one kind. */
export async function counter(t: TestContext, shim = requestShim): Promise<Counter> {
  const before = { descriptors: openDescriptors(), children: childrenOf(process.pid) };
  const runtime = new RuntimeDirectory(join(await testFolder(t), 'run time'));
  const asked: ProgramCall[] = [];
  const commands: string[] = [];
  const problems: Problem[] = [];
  const signals: AbortSignal[] = [];
  let unknown = 0;
  let currentAnswer: ProgramAnswer | Promise<ProgramAnswer> = { exitCode: 0 };
  runtime.makeFolder('services');
  mkdirSync(join(runtime.path, 'services/.s6-svscan'));
  const control = new ControlFifos(runtime, {
    answer: (request, signal) => {
      asked.push(request);
      if (signal !== undefined) signals.push(signal);
      return Promise.resolve(currentAnswer);
    },
    command: (letters) => {
      commands.push(letters);
      return unknown;
    },
    onProblem: (problem) => problems.push(problem),
  });
  await control.open();
  t.after(async () => {
    await control.close();
    runtime.remove();
    assert.deepEqual(openedSince(before.descriptors), []);
    assert.deepEqual(childrenOf(process.pid), before.children);
  });
  const program = shim(runtime.path, process.pid);
  return {
    runtime,
    control,
    asked,
    commands,
    problems,
    signals,
    setUnknown: (letters) => {
      unknown = letters;
    },
    say: (answer) => {
      currentAnswer = answer;
    },
    close: () => control.close(),
    call: (called, args, more = {}) => {
      const file = plant(join(runtime.claim('bin'), called), program);
      return run(file, args, { ...more, path: more.path ?? `${runtime.path}/bin:/usr/bin:/bin` });
    },
  };
}

/** Runs a shim by its path, until it exits. */
export function run(
  file: string,
  args: readonly string[],
  { shell = ['sh'], directory, path, variables }: Calling,
): Promise<Called> {
  const [program = 'sh', ...words] = shell;
  const child = spawn(program, [...words, file, ...args], {
    ...(directory !== undefined && { cwd: directory }),
    env: { ...process.env, PATH: path ?? '/usr/bin:/bin', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise<Called>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
