/*
 * Commands to a service during the stop of the tree: none restarts it.
 */
import { finish, sh, stop, stubborn, svc, timed, until, write } from './case.ts';
import { conform } from './conform.ts';

/** A finish script that stays until there is a file `go`. It reports every signal. */
const lingering = sh(
  'for name in HUP INT QUIT TERM USR1 CONT; do trap "say finish has $name" $name; done',
  'say finish $1 $2',
  'until [ -e go ]; do sleep 0.1; done',
  'say finished',
);

conform('commands while the tree is being stopped', [
  ...['u', 'o', 'O', 'ou'].map((letters) => ({
    title: `${letters.split('').join(' and ')}, while run does not exit: it is not restarted`,
    tree: { 'web/run': stubborn, 'web/finish': finish },
    steps: [until('run 1'), stop, until('term'), svc(letters), svc('1')],
    trace: ['run 1', 'term', 'finish 3 0'],
  })),
  {
    title: 'signals, while run does not exit: run gets them',
    tree: { 'web/run': stubborn, 'web/finish': finish },
    steps: [until('run 1'), stop, until('term'), svc('t'), until('term', 2), svc('k')],
    trace: ['run 1', 'term', 'term', 'finish 256 9'],
  },
  ...['u', 'd', 'o', 'tk1'].map((letters) => ({
    title: `${letters.split('').join(' and ')}, while finish runs: finish is not disturbed, and run is not restarted`,
    tree: { 'web/run': timed, 'web/finish': lingering },
    steps: [
      ...[until('run'), svc('1'), until('finish 3 0'), stop],
      ...[svc(letters), write({ 'web/go': '' })],
    ],
    trace: ['run', 'finish 3 0', 'finished'],
  })),
]);
