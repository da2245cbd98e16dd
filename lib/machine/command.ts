import type { EndedRun } from './machine.ts';
import { signalNumber } from '../model/exit.ts';
import type { Command, Output, Program } from '../model/program.ts';
import type { ScriptSpec, ServiceSpec } from '../model/tree.ts';
import { producerOf } from '../model/tree.ts';

/** The command of a service's `run`. A script is given the service's name as its argument (s6 from 2.11.2 on). */
export function runCommand(spec: ServiceSpec, output: Output): Command {
  return {
    ...surroundings(spec, output),
    name: spec.name,
    program: spec.run,
    args: 'script' in spec.run ? [spec.name] : [],
    ...(spec.notificationFd !== undefined && { notificationFd: spec.notificationFd }),
  };
}

/** The command of a service's `finish`, with s6's four arguments: exit code or 256, signal or 0, name, process group. */
export function finishCommand(
  spec: ServiceSpec,
  finish: Program,
  { exit, run }: EndedRun,
  output: Output,
): Command {
  const signal = exit.signal === null ? 0 : signalNumber(exit.signal);
  return {
    ...surroundings(spec, output),
    name: `${spec.name}/finish`,
    program: finish,
    args: [String(exit.code ?? 256), String(signal), spec.name, String(run.pid)],
  };
}

/** The command of a script of the init or the finish stage. */
export function scriptCommand(script: ScriptSpec, output: Output): Command {
  return {
    name: script.name,
    program: script.run,
    calledBy: 'path',
    args: [],
    stdin: 'empty',
    stdout: output,
    stderr: output,
  };
}

/** The host's own command, in the foreground: it has the host's stdin, stdout and stderr. */
export function hostCommand(script: ScriptSpec): Command {
  return { ...scriptCommand(script, 'inherit'), stdin: 'inherit' };
}

function surroundings(
  spec: ServiceSpec,
  fallback: Output,
): Omit<Command, 'name' | 'program' | 'args'> {
  const output = spec.output ?? fallback;
  const producer = producerOf(spec.name);
  return {
    calledBy: 'name',
    stdin: producer === undefined ? 'empty' : { pipe: producer },
    stdout: spec.logger === undefined ? output : { pipe: spec.name },
    stderr: output,
    ...(spec.environment !== undefined && { environment: spec.environment }),
    ...(spec.user !== undefined && { user: spec.user }),
  };
}
