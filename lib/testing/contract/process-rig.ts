import { setTimeout as pause } from 'node:timers/promises';
import type { Behaviour } from '../simulation/behaviour.ts';
import { isScript, stepsOf } from '../simulation/behaviour.ts';
import type { ContractRig } from './contract-rig.ts';
import { plainCommand } from './contract-rig.ts';
import type { Exit } from '../../model/exit.ts';
import type { Command } from '../../model/program.ts';
import type { Spawner } from '../../engine/spawner.ts';

/** Milliseconds in which every expected event happens, even on a busy machine. */
const longestWait = 10_000;

/** Milliseconds in which a process reports what it has to report. Only used to see that nothing happens. */
const aWhile = 120;

/**
 * A rig for a spawner of real processes. Its commands are `sh` scripts, which use `sleep` and `cat` and follow a behaviour. The
 * behaviour cannot contain `does`.
 */
export function processRig(spawner: Spawner): ContractRig {
  return {
    spawner,
    command(name, behaviour, more) {
      const command = { ...plainCommand, name, ...more };
      return { ...command, program: { command: wordsOf(behaviour, command) } };
    },
    async until(test, what) {
      const end = performance.now() + longestWait;
      while (!test()) {
        if (performance.now() > end) {
          throw new Error(`${what} did not come within ${String(longestWait)} ms.`);
        }
        await pause(5);
      }
    },
    settle: () => pause(aWhile),
  };
}

type Wired = Omit<Command, 'program'>;

/** Programs that the system refuses to run, by error code. */
const refused: Readonly<Record<string, string>> = {
  ENOENT: '/nowhere/at/all',
  EACCES: '/dev/null',
};

function wordsOf(behaviour: Behaviour, command: Wired): readonly string[] {
  const { unspawnable } = behaviour;
  if (unspawnable === undefined) return ['sh', '-c', scriptOf(behaviour, command)];
  const file = refused[unspawnable];
  if (file !== undefined) return [file];
  const known = Object.keys(refused).join(', ');
  throw new Error(`No program is refused with '${unspawnable}' for sure; known are ${known}.`);
}

/** A shell script that follows a behaviour. Its last program replaces the shell, so that the group has no second process. */
function scriptOf(behaviour: Behaviour, command: Wired): string {
  return [
    // A process that a signal ends must not write a core file.
    'ulimit -c 0',
    ...othersOf(behaviour),
    ...ignoredOf(behaviour).map((name) => `trap '' ${name}`),
    ...stepsOf(behaviour).flatMap((step) => linesOf(step, command)),
    endOf(behaviour, command),
  ].join('\n');
}

/** The processes to leave behind. A process that ignores a signal passes that on to its children from their first moment. */
function othersOf({ leaves = false }: Behaviour): readonly string[] {
  if (leaves === false) return [];
  const all = 'HUP INT QUIT USR1 USR2 ALRM TERM';
  return leaves === 'stubborn'
    ? [`trap '' ${all}`, 'sleep 600 &', `trap - ${all}`]
    : ['sleep 600 &'];
}

function ignoredOf({ ignores = [] }: Behaviour): readonly string[] {
  return ignores
    .filter((what) => what !== 'end-of-file' && what !== 'SIGKILL' && what !== 'SIGSTOP')
    .map((signal) => signal.replace('SIG', ''));
}

function linesOf(step: Behaviour, { notificationFd }: Wired): readonly string[] {
  const { after = 0, does, print, stream, ready, exit } = step;
  if (does !== undefined)
    throw new Error('A real process does nothing in the test itself: `does`.');
  const lines: string[] = [];
  if (after > 0) lines.push(after === Infinity ? 'exec sleep 600' : `sleep ${after / 1000}`);
  if (print !== undefined) {
    // The last line may lack a newline.
    const text = exit === undefined && !print.endsWith('\n') ? `${print}\n` : print;
    lines.push(`printf %s ${quoted(text)}${stream === 'stderr' ? ' >&2' : ''}`);
  }
  if (ready === true && notificationFd !== undefined) lines.push(`echo >&${notificationFd}`);
  if (exit !== undefined) lines.push(endingOf(exit));
  return lines;
}

function endingOf({ code, signal }: Exit): string {
  return signal === null ? `exit ${String(code)}` : `kill -s ${signal.replace('SIG', '')} $$`;
}

/** What the script does after all steps of its behaviour. */
function endOf({ ignores = [] }: Behaviour, command: Wired): string {
  if (isScript({ ...command, program: { command: [] } })) return 'exit 0';
  const reads = typeof command.stdin === 'object' && !ignores.includes('end-of-file');
  return reads ? 'exec cat > /dev/null' : 'exec sleep 600';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
