/*
 * Commands to a service that is up, or on its way down: what the state table does not show.
 */
import { aSecondLater, finish, is, sh, stubborn, svc, until, witness } from './case.ts';
import { conform } from './conform.ts';

conform('commands to a service that is up', [
  {
    title: 'd again, while it does not end: s6 signals again',
    tree: {
      'web/run': sh('trap "say term" TERM', 'say run', 'stay'),
      'web/finish': finish,
      ...witness,
    },
    steps: [until('run'), svc('d'), until('term'), svc('d'), ...aSecondLater, svc('k'), is('down')],
    s6: ['run', 'term', 'term', 'a second later', 'finish 256 9'],
    ours: ['run', 'term', 'a second later', 'finish 256 9'],
    why: 'What was asked to end is not asked again: a second stop only shortens the time until KILL.',
  },
  {
    number: 31,
    title: 'd: what ignores TERM is killed when its timeout-kill is over, and stays down',
    tree: {
      'web/run': sh('trap "say term" TERM', 'say run', 'stay'),
      'web/finish': finish,
      'web/timeout-kill': '1000\n',
    },
    steps: [until('run'), svc('d'), until('finish 256 9'), is('down')],
    trace: ['run', 'term', 'finish 256 9'],
  },
  {
    title: 'd: what ends in time is not killed',
    tree: {
      'web/run': sh('trap "say term; exit 4" TERM', 'say run', 'stay'),
      'web/finish': finish,
      'web/timeout-kill': '10000',
    },
    steps: [until('run'), svc('d'), is('down')],
    trace: ['run', 'term', 'finish 4 0'],
  },
  {
    title: 'd and u, and timeout-kill: it is killed all the same, and comes back',
    tree: { 'web/run': stubborn, 'web/finish': finish, 'web/timeout-kill': '1000' },
    steps: [until('run 1'), svc('du'), until('run 2')],
    trace: ['run 1', 'term', 'finish 256 9', 'run 2', 'finish 256 15'],
  },
  {
    title: 'KILL at the end of timeout-kill: ours reaches the children too',
    tree: {
      'web/run': sh('trap "" TERM', '(stay) &', 'echo $! >child', 'say run', 'stay'),
      'web/finish': sh(
        'read -r child <child',
        // KILL was sent to both; who is busy may take a moment to die.
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
