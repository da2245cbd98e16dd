import type { CatchAllEnd, EndedRun } from './service-state.ts';
import { signalNumber } from '../../model/exit.ts';
import type { Command, Output, PipeEnd, Program } from '../../model/program.ts';
import type { ScriptSpec, ServiceSpec } from '../../model/tree.ts';
import { catchAllName, producerOf } from '../../model/tree.ts';

/** The command of a service's `run`. A script gets the service's name as its argument (s6 from 2.11.2 on). */
export function runCommand(spec: ServiceSpec, output: Output, end?: CatchAllEnd): Command {
  return {
    ...surroundings(spec, output, end),
    name: spec.name,
    program: spec.run,
    args: 'script' in spec.run ? [spec.name] : [],
    ...(spec.notificationFd !== undefined && { notificationFd: spec.notificationFd }),
  };
}

/**
 * The command of a service's `finish`, with s6's four arguments: exit code or 256, signal or 0, name, process group.
 */
export function finishCommand(
  spec: ServiceSpec,
  finish: Program,
  { exit, run }: EndedRun,
  output: Output,
  end?: CatchAllEnd,
): Command {
  const signal = exit.signal === null ? 0 : signalNumber(exit.signal);
  return {
    ...surroundings(spec, output, end),
    name: `${spec.name}/finish`,
    program: finish,
    args: [String(exit.code ?? 256), String(signal), spec.name, String(run.pid)],
  };
}

/** The command of a script of the init or the finish stage. */
export function scriptCommand(script: ScriptSpec, output: Output, end?: CatchAllEnd): Command {
  return {
    name: script.name,
    program: script.run,
    calledBy: 'path',
    args: [],
    stdin: 'empty',
    stdout: caught(output, end),
    stderr: caught(output, end),
  };
}

/**
 * The host's own command, in the foreground. It has the host's stdin, and the host's stdout and stderr unless the
 * catch-all log takes them.
 */
export function hostCommand(script: ScriptSpec, end?: CatchAllEnd): Command {
  return { ...scriptCommand(script, 'inherit', end), stdin: 'inherit', foreground: true };
}

function surroundings(
  spec: ServiceSpec,
  fallback: Output,
  end: CatchAllEnd | undefined,
): Omit<Command, 'name' | 'program' | 'args'> {
  // The catch-all logger's own output goes to the host.
  const output = spec.output ?? (end === 'read' ? 'inherit' : fallback);
  const producer = end === 'read' ? catchAllName : producerOf(spec.name);
  return {
    calledBy: 'name',
    stdin: producer === undefined ? 'empty' : { pipe: producer },
    stdout: spec.logger === undefined ? caught(output, end) : { pipe: spec.name },
    stderr: caught(output, end),
    ...(spec.environment !== undefined && { environment: spec.environment }),
    ...(spec.user !== undefined && { user: spec.user }),
  };
}

/** Where output goes: the catch-all log takes only what would go to the host's own output. */
function caught(output: Output, end: CatchAllEnd | undefined): Output | PipeEnd {
  return output === 'inherit' && end === 'write' ? { pipe: catchAllName } : output;
}
