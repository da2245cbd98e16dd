/*
 * The list of the 84 edge cases of this suite: each is shown by a test with its number, or has a reason here why no test shows
 * it.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The subject of each edge case, from number 1 on. */
const edgeCases: readonly string[] = [
  'cont-init.d: the order of names',
  'cont-init.d: names with a dot, backup copies',
  'cont-init.d: a script of mode 0644',
  'cont-init.d: a folder',
  'cont-init.d: a dangling link',
  'cont-init.d: a script without an interpreter line',
  'an init script fails, behaviour 0',
  'an init script fails, behaviour 1',
  'an init script fails, behaviour 2',
  'an init script fails under v3',
  'fix-attrs.d: an account that there is not',
  'none of the four directories is there',
  'the environment of a plain init script',
  'the working directories of scripts and services',
  'the stdin of an init script',
  'S6_RUNTIME_PROFILE',
  'a stop signal while an init script runs',
  'a service without run',
  'a plain file in services.d',
  'a service that is a link',
  'services with a dot or a blank in their names',
  'a run of mode 0644',
  'a run that ends at once: a second between starts',
  'a run that lives for two seconds: when it comes back',
  'a finish script that takes two seconds: when run comes back',
  'a death soon after readiness: when run comes back',
  'the arguments of finish',
  'exit 125 of run, and of finish',
  'a finish script that hangs, and timeout-finish',
  'a finish script that is not executable',
  'timeout-kill',
  'down-signal',
  'down, then up, while finish runs; and the other way round',
  '-k while finish runs',
  '-du',
  '-o and -O',
  '-p, -t, -c, -d',
  '-x: the supervisor of a service exits, and a new one starts',
  'a down file',
  'notification-fd: with and without a newline',
  'a second write after readiness',
  'notification-fd that is no number',
  's6-svwait -U on a service that fails for good',
  'S6_CMD_WAIT_FOR_SERVICES, and a service that is never ready',
  'S6_CMD_WAIT_FOR_SERVICES, and a service with a down file',
  'two names, one directory',
  'the supervisor is killed: does its service live twice',
  'log is a file',
  'a logger that is killed: no line is lost',
  'a logger that is down: the producer runs, and waits when the pipe is full',
  'a producer that restarts: its logger sees no end of file',
  'the stop: a logger gets no signal, and ends after its producer',
  'what a producer has left behind holds its stdout',
  'stderr of a service with a logger',
  's6-log: a last line without a newline',
  's6-log: a current that was not ended well',
  'S6_LOGGING=1: the catch-all logger',
  's6-svscanctl -t from a finish script: 0',
  'an exit code in env-stage3/S6_STAGE2_EXITED; one that is none',
  'how the command ends: its code, 128 + n, 127',
  'a stop signal while a command runs that would exit 5',
  'a command that traps only TERM',
  'a service that ignores TERM',
  'a cont-finish script that hangs',
  'cont-finish scripts, and the services’ end',
  'a finish script that takes its time at the stop',
  'HUP to PID 1',
  'INT to PID 1',
  'nothing is left to kill: S6_KILL_GRACETIME',
  'S6_KILL_GRACETIME=0',
  'halt, with an exit code in a file',
  'timeout-down is over: do the finish scripts run',
  'an empty variable',
  'a variable file with a newline',
  'what the caller of with-contenv has exported',
  'a value of 5000 bytes',
  'variable files with odd names',
  'S6_KEEP_ENV=1',
  'S6_CMD_ARG0',
  's6-rc: a user service fails',
  's6-rc: an unknown name in user/contents.d',
  's6-rc: a longrun that dies again and again',
  's6-rc: a longrun that is never ready',
  's6-rc: S6_STAGE2_HOOK',
];

const noS6Rc = 'trees of s6-rc are not supported';

/** Why no test shows some of them. */
const notShown: Readonly<Record<number, string>> = {
  38: 'a service has no supervisor process of its own that could exit',
  80: noS6Rc,
  81: noS6Rc,
  82: noS6Rc,
  83: noS6Rc,
  84: noS6Rc,
};

const tests = fileURLToPath(new URL('..', import.meta.url));

/** The numbers in tests: those of conformance cases, and those in titles. */
function shown(): ReadonlySet<number> {
  const files = readdirSync(tests, { recursive: true, encoding: 'utf8' });
  const sources = files
    .filter((path) => path.endsWith('.test.ts') && !path.endsWith('conformance/edge-cases.test.ts'))
    .map((path) => readFileSync(join(tests, path), 'utf8'));
  return new Set(sources.flatMap(numbersIn));
}

function numbersIn(source: string): readonly number[] {
  const fields = source.matchAll(/\bnumber: (\d+),/g);
  const titles = source.matchAll(/\(cases? (\d+(?:(?:,| and) \d+)*)/g);
  return [...fields, ...titles].flatMap(([, list = '']) => (list.match(/\d+/g) ?? []).map(Number));
}

test('each edge case is shown by a test, or has a reason why not', () => {
  const found = shown();
  const numbers = edgeCases.map((_, index) => index + 1);
  assert.equal(numbers.length, 84);
  const neither = numbers.filter((number) => !found.has(number) && !(number in notShown));
  assert.deepEqual(
    neither.map((number) => `${String(number)}: ${edgeCases[number - 1] ?? ''}`),
    [],
  );
  const both = numbers.filter((number) => found.has(number) && number in notShown);
  assert.deepEqual(both, [], 'these are shown');
  const unknown = [...found].filter((number) => !numbers.includes(number));
  assert.deepEqual(unknown, [], 'there are no such numbers');
});

test('numbersIn() finds the numbers of cases and titles', () => {
  assert.deepEqual(numbersIn('number: 7,\n title: "(case 3)" (cases 4, 5) (cases 8 and 9, as x)'), [
    ...[7, 3, 4, 5, 8, 9],
  ]);
  assert.deepEqual(numbersIn('each.number: 12; (case A) (staircase 7)'), []);
});
