/*
 * The tally of how the runs of a service ended, and the programs that finish scripts use to decide: those of s6, and the shims of
 * this library.
 */
import type { Case } from './case.ts';
import { aSecondLater, asking, finish, is, sh, svc, until, witness } from './case.ts';
import { conform } from './conform.ts';
import { findProgram } from '../host/shells.ts';

/** A run that exits at once, each time in another way: the words are for the first, the second ... time. */
function dying(...ways: readonly string[]): string {
  const cases = ways.map((way, index) => `${String(index + 1)}) ${way} ;;`);
  return sh('count starts', 'say run $count', `case $count in ${cases.join(' ')} esac`, 'stay');
}

/** Reports the output of `s6-svdt` in one line, without what differs between runs. */
const says = String.raw`look() {
  say $(s6-svdt "$@" | sed 's/^@4[0-9a-f]\{23\} /@ /') .
}`;
const lookAll = [
  says,
  'look ../web',
  'look -s ../web',
  'look -sSn1 ../web',
  'look -n 0 ../web',
  'say done',
];

conform('s6-svdt', [
  {
    title: 'the tally has every end of a run: deaths, and requested ends',
    tree: {
      'web/run': sh('trap "exit 3" USR1', 'count starts', 'say run $count', 'stay'),
      ...asking(...lookAll),
    },
    steps: [
      until('run 1'),
      ...[svc('t'), until('run 2'), svc('k'), until('run 3'), svc('1'), until('run 4')],
      ...[svc('r'), until('run 5'), svc('d'), is('down')],
      ...[svc('o'), until('run 6'), svc('1'), is('down')],
      ...[svc('o', 'desk'), until('done')],
    ],
    trace: [
      ...['run 1', 'run 2', 'run 3', 'run 4', 'run 5', 'run 6'],
      '@ signal SIGTERM @ signal SIGKILL @ exitcode 3 @ signal SIGTERM @ signal SIGTERM @ exitcode 3 .',
      '@ signal 15 @ signal 9 @ exitcode 3 @ signal 15 @ signal 15 @ exitcode 3 .',
      '@ exitcode 3 .',
      '.',
      'done',
    ],
  },
  ...[
    { most: '2', trace: '@ exitcode 2 @ exitcode 3 .' },
    { most: '0', trace: '.' },
  ].map(({ most, trace }): Case => {
    const seen = ['run 1', 'run 2', 'run 3', 'run 4', trace, 'done'];
    return {
      title: `max-death-tally is ${most}`,
      tree: {
        'web/run': dying('exit 1', 'exit 2', 'exit 3'),
        'web/max-death-tally': most,
        ...asking(says, 'look ../web', 'say done'),
      },
      steps: [until('run 4'), svc('o', 'desk'), until('done')],
      trace: seen,
    };
  }),
  {
    title: 'max-death-tally becomes 0: nothing more is recorded, and the records stay',
    tree: {
      'web/run': dying(
        'exit 1',
        'echo 0 >max-death-tally; exit 2',
        'echo 3 >max-death-tally; exit 3',
      ),
      'web/finish': sh(says, 'look .'),
    },
    steps: [until('run 4')],
    trace: [
      ...['run 1', '@ exitcode 1 .', 'run 2', '@ exitcode 1 .'],
      ...['run 3', '@ exitcode 1 @ exitcode 3 .', 'run 4'],
      '@ exitcode 1 @ exitcode 3 @ signal SIGTERM .',
    ],
  },
  {
    title: 's6-svdt-clear empties the tally; the next end is recorded again',
    tree: {
      'web/run': dying('exit 1', 'exit 2'),
      ...asking(
        says,
        'look ../web',
        's6-svdt-clear ../web',
        'say cleared $?',
        'look ../web',
        's6-svc -wD -d ../web',
        'look ../web',
        'say done',
      ),
    },
    steps: [until('run 3'), is('up, wanted'), svc('o', 'desk'), until('done')],
    trace: [
      ...['run 1', 'run 2', 'run 3', '@ exitcode 1 @ exitcode 2 .', 'cleared 0', '.'],
      ...['@ signal SIGTERM .', 'done'],
    ],
  },
  {
    title: 'a run that cannot be started is not in the tally',
    tree: { 'web/data/empty': '', ...asking(says, 'look ../web', 'say done') },
    steps: [is('down, wanted'), svc('o', 'desk'), until('done')],
    trace: ['.', 'done'],
  },
  {
    title: 'wrong usage: 100; a directory without a service: 111',
    tree: {
      'web/run': sh('say run', 'stay'),
      ...asking(
        ...[
          's6-svdt',
          's6-svdt -x ../web',
          's6-svdt -n x ../web',
          's6-svdt ../nobody',
          's6-svdt-clear',
          's6-svdt-clear ../nobody',
        ].map((line) => `${line}; say $?`),
        'say done',
      ),
    },
    steps: [until('run'), svc('o', 'desk'), until('done')],
    trace: ['run', '100', '100', '100', '111', '100', '111', 'done'],
  },
]);

conform('s6-permafailon', [
  {
    title: 'the third death within the time is the last one',
    tree: {
      'web/run': dying('exit 3', 'exit 3', 'exit 3'),
      'web/finish': sh('s6-permafailon 60 3 3 true', 'code=$?', 'say finish $code', 'exit $code'),
      ...witness,
    },
    steps: [until('finish 125'), is('down'), ...aSecondLater],
    trace: [...['run 1', 'finish 0', 'run 2', 'finish 0', 'run 3', 'finish 125', 'a second later']],
  },
  {
    title: 'a service that it keeps down is started by a command, until its next death',
    tree: {
      'web/run': dying('exit 3', 'exit 3'),
      'web/finish': sh('exec s6-permafailon 60 1 3 true'),
    },
    steps: [until('run 1'), is('down'), svc('u'), until('run 2'), is('down')],
    trace: ['run 1', 'run 2'],
  },
  {
    title: 'the output, and which end decides: the last required one',
    tree: {
      'web/run': dying('exit 3', 'kill -USR2 $$', 'exit 7', 'exit 3'),
      'web/finish': sh(
        'told=$(s6-permafailon 60 2 3,SIGUSR2 echo goes on 2>&1); say $told $?',
        'told=$(s6-permafailon 60 2 3 echo goes on 2>&1); say $told $?',
      ),
    },
    steps: [until('run 5'), svc('d'), is('down')],
    trace: [
      ...['run 1', 'goes on 0', 'goes on 0'],
      ...['run 2', permanent('2 events involving signal 12'), 'goes on 0'],
      ...['run 3', permanent('2 events involving signal 12'), 'goes on 0'],
      ...['run 4', permanent('2 events involving signal 12')],
      permanent('2 events involving exit code 3'),
      ...['run 5', permanent('2 events involving signal 12')],
      permanent('2 events involving exit code 3'),
    ],
  },
  {
    title: 'codes, ranges and signals, matching and not matching',
    tree: {
      'web/run': dying('exit 3', 'kill -USR2 $$'),
      'web/finish': finish,
      ...asking(
        'cd ../web',
        ...[
          ...['3', '4', '3-5', '0-2', '4,3', '12', '140', 'SIGUSR2', 'usr2', 'SIG12', 'SIGTERM'],
          ...['1;USR2', ',3', '3-1', '256', 'SIGFOO', ''],
        ].map((list) => `s6-permafailon 60 1 '${list}' true; say "${list}: $?"`),
        's6-permafailon 60 2 3,SIGUSR2 true; say "both: $?"',
        's6-permafailon 60 3 0-255 true; say "three: $?"',
        's6-permafailon 0 1 0-255 true; say "no time: $?"',
        'say done',
      ),
    },
    steps: [until('run 3'), svc('o', 'desk'), until('done')],
    trace: [
      ...['run 1', 'finish 3 0', 'run 2', 'finish 256 12', 'run 3'],
      ...['3: 125', '4: 0', '3-5: 125', '0-2: 0', '4,3: 125', '12: 0', '140: 125'],
      ...['SIGUSR2: 125', 'usr2: 125', 'SIG12: 125', 'SIGTERM: 0', '1;USR2: 125'],
      ...[',3: 100', '3-1: 100', '256: 100', 'SIGFOO: 100', ': 0'],
      ...['both: 125', 'three: 0', 'no time: 0', 'done', 'finish 256 15'],
    ],
  },
  {
    title: 'a requested stop matches, too',
    tree: {
      'web/run': sh('say run', 'stay'),
      'web/finish': sh('s6-permafailon 60 1 SIGTERM true', 'say finish $?'),
    },
    steps: [until('run'), svc('r'), until('run', 2)],
    trace: ['run', 'finish 125', 'run', 'finish 125'],
  },
  {
    title: 'the program gets its arguments unchanged, and wrong usage is 100',
    tree: {
      'web/run': sh('say run', 'stay'),
      ...asking(
        'cd ../web',
        `s6-permafailon 60 5 1 printf '<%s>\\n' 'a  b' '' "it's" '"' '*' -n >words`,
        'while read -r word; do say "$word"; done <words',
        's6-permafailon 60 5 1 printf %s "one',
        'two" | while read -r word; do say "$word"; done',
        ...['', '60', '60 5', 'x 5 1 true', '60 x 1 true', '60 0 1 true', '60 5 1'].map(
          (line) => `s6-permafailon ${line}; say "${line}: $?"`,
        ),
        's6-permafailon 60 5 1 ./no-such-program; say $?',
        's6-permafailon 60 5 1 sh -c "exit 7"; say $?',
        'say done',
      ),
    },
    steps: [until('run'), svc('o', 'desk'), until('done')],
    trace: [
      ...['run', '<a  b>', '<>', "<it's>", '<">', '<*>', '<-n>', 'one'],
      ...[': 100', '60: 100', '60 5: 100', 'x 5 1 true: 100', '60 x 1 true: 100'],
      ...['60 0 1 true: 100', '60 5 1: 0', '127', '7', 'done'],
    ],
  },
  {
    title: 'in execline it precedes the program that ends the script',
    tree: {
      'web/run': dying('exit 3', 'kill -USR2 $$'),
      'web/finish': [
        `#!${findProgram('execlineb') ?? '/usr/bin/execlineb'} -S2`,
        's6-permafailon 60 2 1,3,SIGUSR2',
        'sh -c ". \\"\\$WORDS\\"; say \\"\\$@\\"" sh finish ${1} ${2} "two  words"',
        '',
      ].join('\n'),
      ...witness,
    },
    steps: [until('run 2'), is('down'), ...aSecondLater],
    trace: ['run 1', 'finish 3 0 two  words', 'run 2', 'a second later'],
  },
]);

function permanent(events: string): string {
  return `s6-permafailon: info: PERMANENT FAILURE triggered after ${events} in the last 60 seconds 125`;
}
