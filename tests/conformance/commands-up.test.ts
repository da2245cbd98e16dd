/*
 * Commands to a service that is up or stopping, in addition to the state table.
 */
import { aSecondLater, finish, is, sh, stubborn, svc, until, witness } from './case.ts';
import { conform } from './conform.ts';

conform('commands to a service that is up', [
  {
    title: 'd again, while run does not exit: s6 sends the signal again',
    tree: {
      'web/run': sh('trap "say term" TERM', 'say run', 'stay'),
      'web/finish': finish,
      ...witness,
    },
    steps: [until('run'), svc('d'), until('term'), svc('d'), ...aSecondLater, svc('k'), is('down')],
    s6: ['run', 'term', 'term', 'a second later', 'finish 256 9'],
    ours: ['run', 'term', 'a second later', 'finish 256 9'],
    why: 'A service that was asked to stop is not asked again: a second stop only shortens the time until KILL.',
  },
  {
    number: 31,
    title: 'd: a service that ignores TERM is killed after its timeout-kill, and stays down',
    tree: {
      'web/run': sh('trap "say term" TERM', 'say run', 'stay'),
      'web/finish': finish,
      'web/timeout-kill': '1000\n',
    },
    steps: [until('run'), svc('d'), until('finish 256 9'), is('down')],
    trace: ['run', 'term', 'finish 256 9'],
  },
  {
    title: 'd: a service that exits in time is not killed',
    tree: {
      'web/run': sh('trap "say term; exit 4" TERM', 'say run', 'stay'),
      'web/finish': finish,
      'web/timeout-kill': '10000',
    },
    steps: [until('run'), svc('d'), is('down')],
    trace: ['run', 'term', 'finish 4 0'],
  },
  {
    title: 'd and u, and timeout-kill: the service is killed all the same, and restarted',
    tree: { 'web/run': stubborn, 'web/finish': finish, 'web/timeout-kill': '1000' },
    steps: [until('run 1'), svc('du'), until('run 2')],
    trace: ['run 1', 'term', 'finish 256 9', 'run 2', 'finish 256 15'],
  },
  {
    title: 'KILL after timeout-kill: this library kills the children too',
    tree: {
      'web/run': sh('trap "" TERM', '(stay) &', 'echo $! >child', 'say run', 'stay'),
      'web/finish': sh(
        'read -r child <child',
        // KILL was sent to both; on a busy machine a process may take a moment to die.
        'for look in 1 2 3 4 5 6 7 8 9 10; do ! lives $child || sleep 0.05; done',
        'if lives $child; then say its child lives; else say its child is dead; fi',
      ),
      'web/timeout-kill': '200',
    },
    steps: [until('run'), svc('d'), is('down')],
    s6: ['run', 'its child lives'],
    ours: ['run', 'its child is dead'],
    why: 'KILL goes to the whole process group, as with flag-timeout-killpg in s6 2.15.',
  },
]);
