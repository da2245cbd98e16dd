/*
 * Commands to a service that is up, or on its way down.
 */
import {
  aSecondLater,
  finish,
  is,
  mortal,
  run,
  sh,
  stubborn,
  svc,
  until,
  witness,
} from './case.ts';
import { conform } from './conform.ts';

conform('commands to a service that is up', [
  {
    title: 'd: TERM, finish, and it stays down',
    tree: { 'web/run': run, 'web/finish': finish, ...witness },
    steps: [until('run'), svc('d'), is('down'), ...aSecondLater],
    trace: ['run', 'finish 256 15', 'a second later'],
  },
  {
    title: 'd twice in one go is d',
    tree: { 'web/run': run, 'web/finish': finish, ...witness },
    steps: [until('run'), svc('dd'), is('down'), ...aSecondLater],
    trace: ['run', 'finish 256 15', 'a second later'],
  },
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
    title: 'u: nothing',
    tree: { 'web/run': mortal, 'web/finish': finish },
    steps: [until('run'), svc('u'), is('up, wanted'), svc('1'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'run', 'finish 256 15'],
  },
  {
    number: 35,
    title: 'd and u in one go: TERM, and it comes back',
    tree: { 'web/run': run, 'web/finish': finish },
    steps: [until('run'), svc('du'), until('run', 2)],
    trace: ['run', 'finish 256 15', 'run', 'finish 256 15'],
  },
  {
    title: 'u and d in one go: it stays down',
    tree: { 'web/run': run, 'web/finish': finish, ...witness },
    steps: [until('run'), svc('ud'), is('down'), ...aSecondLater],
    trace: ['run', 'finish 256 15', 'a second later'],
  },
  {
    title: 'u, while it does not end after d: it comes back',
    tree: { 'web/run': stubborn, 'web/finish': finish },
    steps: [
      until('run 1'),
      svc('d'),
      until('term'),
      is('up'),
      svc('u'),
      is('up, wanted'),
      svc('1'),
      until('run 2'),
    ],
    trace: ['run 1', 'term', 'finish 3 0', 'run 2', 'finish 256 15'],
  },
  {
    title: 'o, while it does not end after d: it stays down',
    tree: { 'web/run': stubborn, 'web/finish': finish, ...witness },
    steps: [until('run 1'), svc('d'), until('term'), svc('o1'), is('down'), ...aSecondLater],
    trace: ['run 1', 'term', 'finish 3 0', 'a second later'],
  },
  {
    number: 36,
    title: 'o: it goes on, and does not come back',
    tree: { 'web/run': mortal, 'web/finish': finish, ...witness },
    steps: [until('run'), svc('o'), is('up'), svc('1'), is('down'), ...aSecondLater],
    trace: ['run', 'finish 3 0', 'a second later'],
  },
  {
    number: 36,
    title: 'O: it goes on, and does not come back',
    tree: { 'web/run': mortal, 'web/finish': finish, ...witness },
    steps: [until('run'), svc('O'), is('up'), svc('1'), is('down'), ...aSecondLater],
    trace: ['run', 'finish 3 0', 'a second later'],
  },
  {
    title: 'o and u in one go: it comes back',
    tree: { 'web/run': mortal, 'web/finish': finish },
    steps: [until('run'), svc('ou1'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'run', 'finish 256 15'],
  },
  {
    title: 'd and o in one go: it stays down',
    tree: { 'web/run': run, 'web/finish': finish, ...witness },
    steps: [until('run'), svc('do'), is('down'), ...aSecondLater],
    trace: ['run', 'finish 256 15', 'a second later'],
  },
  {
    title: 'r: TERM, and it comes back; ours without a delay',
    tree: {
      'web/run': sh('if [ -e moment ]; then ago; fi', 'say run $ago', 'stay'),
      'web/finish': sh('mark', 'say finish $1 $2'),
      ...witness,
    },
    steps: [until('run'), svc('r'), until('finish 256 15'), ...aSecondLater],
    s6: ['run', 'finish 256 15', 'run a second later', 'a second later', 'finish 256 15'],
    ours: ['run', 'finish 256 15', 'run at once', 'a second later', 'finish 256 15'],
    why: 'restart() is a request, no death: what was to come back does not wait.',
  },
  {
    title: 'r and d in one go: it stays down',
    tree: { 'web/run': run, 'web/finish': finish, ...witness },
    steps: [until('run'), svc('rd'), is('down'), ...aSecondLater],
    trace: ['run', 'finish 256 15', 'a second later'],
  },
  {
    title: 'd and r in one go: ours comes back',
    tree: { 'web/run': sh('count starts', 'say run $count', 'stay'), ...witness },
    steps: [until('run 1'), svc('dr'), ...aSecondLater],
    s6: ['run 1', 'a second later'],
    ours: ['run 1', 'run 2', 'a second later'],
    why: 'restart() asks a service to come up again, and the last command holds; in s6 r is only a signal.',
  },
  {
    number: 31,
    title: 'd: what ignores TERM is killed when its timeout-kill is over, and stays down',
    tree: {
      'web/run': sh('trap "say term" TERM', 'say run', 'stay'),
      'web/finish': finish,
      'web/timeout-kill': '300\n',
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
    tree: { 'web/run': stubborn, 'web/finish': finish, 'web/timeout-kill': '300' },
    steps: [until('run 1'), svc('du'), until('run 2')],
    trace: ['run 1', 'term', 'finish 256 9', 'run 2', 'finish 256 15'],
  },
  {
    title: 'KILL at the end of timeout-kill: ours reaches the children too',
    tree: {
      'web/run': sh('trap "" TERM', '(stay) &', 'echo $! >child', 'say run', 'stay'),
      'web/finish': sh(
        'read -r child <child',
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
