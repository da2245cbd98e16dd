/*
 * The stop of the whole tree. Every case ends with one; these show what it does.
 */
import { finish, frail, hurry, is, mortal, run, sh, stop, svc, until } from './case.ts';
import { conform } from './conform.ts';

/** A run that exits only when its sibling has been asked to exit, too. */
const sociable = (name: string, sibling: string): string =>
  sh(
    `trap "echo >asked; until [ -e ../${sibling}/asked ]; do sleep 0.05; done; say ${name}: ends; exit" TERM`,
    `say ${name}: run`,
    'stay',
  );

conform('the stop of the tree', [
  {
    title: 'a paused service is continued and exits',
    tree: { 'web/run': run, 'web/finish': finish },
    steps: [until('run'), svc('p')],
    trace: ['run', 'finish 256 15'],
  },
  {
    title: 'a service gets its down-signal',
    tree: { 'web/run': run, 'web/finish': finish, 'web/down-signal': 'SIGHUP' },
    steps: [until('run')],
    trace: ['run', 'finish 256 1'],
  },
  {
    title: 'a service that exits by itself chooses its exit code',
    tree: { 'web/run': sh('trap "exit 7" TERM', 'say run', 'stay'), 'web/finish': finish },
    steps: [until('run')],
    trace: ['run', 'finish 7 0'],
  },
  {
    number: 66,
    title: 'a running finish script is not disturbed, and run is not restarted',
    tree: {
      'web/run': mortal,
      'web/finish': sh('trap "say term" TERM HUP', 'say finish $1 $2', 'sleep 1.2', 'say finished'),
    },
    steps: [until('run'), svc('1'), until('finish 3 0')],
    trace: ['run', 'finish 3 0', 'finished'],
  },
  {
    number: 66,
    title: 'the finish script during the stop is not disturbed either',
    tree: { 'web/run': run, 'web/finish': sh('say finish $1 $2', 'sleep 1', 'say finished') },
    steps: [until('run')],
    trace: ['run', 'finish 256 15', 'finished'],
  },
  {
    title: 'a service in its restart delay is not restarted',
    tree: { 'web/run': frail, 'web/finish': finish, 'web/down': '' },
    steps: [is('down'), hurry(svc('u'), until('finish 3 0'), is('down, wanted'), stop)],
    trace: ['run', 'finish 3 0'],
  },
  {
    title: 'the stop does not wait for a service that could not be run',
    tree: { 'web/data/empty': '', 'web/finish': finish },
    steps: [is('down, wanted')],
    trace: [],
  },
  {
    title: 'a service that is down is left alone',
    tree: { 'web/run': run, 'web/down': '', 'web/finish': finish },
    steps: [is('down')],
    trace: [],
  },
  {
    title: 'a service that was started once stops like the others',
    tree: { 'web/run': run, 'web/down': '', 'web/finish': finish },
    steps: [is('down'), svc('o'), until('run')],
    trace: ['run', 'finish 256 15'],
  },
  {
    title: 'a service that is stopping already completes its stop',
    tree: {
      'web/run': sh('trap "say term; sleep 1.5; exit 4" TERM', 'say run', 'stay'),
      'web/finish': finish,
    },
    steps: [until('run'), svc('d'), until('term')],
    s6: ['run', 'term', 'term', 'finish 4 0'],
    ours: ['run', 'term', 'finish 4 0'],
    why: 'A service that was asked to stop is not asked again.',
  },
  {
    title: 'a service that ignores TERM is killed after its timeout-kill',
    tree: {
      'web/run': sh('trap "say term" TERM', 'say run', 'stay'),
      'web/finish': finish,
      'web/timeout-kill': '1000',
    },
    steps: [until('run')],
    trace: ['run', 'term', 'finish 256 9'],
  },
  {
    number: 63,
    title: 'a slow service without timeout-kill: s6 waits for ever, this library for three seconds',
    tree: { 'web/run': sh('trap "sleep 5; exit 5" TERM', 'say run', 'stay'), 'web/finish': finish },
    steps: [until('run')],
    s6: ['run', 'finish 5 0'],
    ours: ['run', 'finish 256 9'],
    why: 'S6_SERVICES_GRACETIME limits each service, so that a stop always ends.',
  },
  {
    title: 'a finish script that hangs is killed after its timeout-finish',
    tree: {
      'web/run': run,
      'web/finish': sh('say finish $1 $2', 'stay'),
      'web/timeout-finish': '1000',
    },
    steps: [until('run')],
    trace: ['run', 'finish 256 15'],
  },
  {
    title: 'all services are asked to stop at the same time',
    tree: { 'a/run': sociable('a', 'b'), 'b/run': sociable('b', 'a') },
    steps: [until('a: run'), until('b: run')],
    trace: { a: ['run', 'ends'], b: ['run', 'ends'] },
  },
]);
