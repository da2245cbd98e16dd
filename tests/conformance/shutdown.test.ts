/*
 * The stop of the whole tree. Every case ends with one; these are about what it does.
 */
import { finish, frail, hurry, is, mortal, run, sh, stop, svc, until } from './case.ts';
import { conform } from './conform.ts';

/** A run that ends only when its sibling has been asked to end, too. */
const sociable = (name: string, sibling: string): string =>
  sh(
    `trap "echo >asked; until [ -e ../${sibling}/asked ]; do sleep 0.05; done; say ${name}: ends; exit" TERM`,
    `say ${name}: run`,
    'stay',
  );

conform('the stop of the tree', [
  {
    title: 'what is paused goes on and ends',
    tree: { 'web/run': run, 'web/finish': finish },
    steps: [until('run'), svc('p')],
    trace: ['run', 'finish 256 15'],
  },
  {
    title: 'the down-signal is what is sent',
    tree: { 'web/run': run, 'web/finish': finish, 'web/down-signal': 'SIGHUP' },
    steps: [until('run')],
    trace: ['run', 'finish 256 1'],
  },
  {
    title: 'what ends by itself may say with which code',
    tree: { 'web/run': sh('trap "exit 7" TERM', 'say run', 'stay'), 'web/finish': finish },
    steps: [until('run')],
    trace: ['run', 'finish 7 0'],
  },
  {
    number: 66,
    title: 'a finish script that runs already is not disturbed, and run does not come back',
    tree: {
      'web/run': mortal,
      'web/finish': sh('trap "say term" TERM HUP', 'say finish $1 $2', 'sleep 1.2', 'say finished'),
    },
    steps: [until('run'), svc('1'), until('finish 3 0')],
    trace: ['run', 'finish 3 0', 'finished'],
  },
  {
    number: 66,
    title: 'the finish script that follows is not disturbed either',
    tree: { 'web/run': run, 'web/finish': sh('say finish $1 $2', 'sleep 1', 'say finished') },
    steps: [until('run')],
    trace: ['run', 'finish 256 15', 'finished'],
  },
  {
    title: 'what waits for its restart does not come back',
    tree: { 'web/run': frail, 'web/finish': finish },
    steps: [hurry(until('finish 3 0'), is('down, wanted'), stop)],
    trace: ['run', 'finish 3 0'],
  },
  {
    title: 'what could not be run is not waited for',
    tree: { 'web/data/empty': '', 'web/finish': finish },
    steps: [is('down, wanted')],
    trace: [],
  },
  {
    title: 'what is down is left alone',
    tree: { 'web/run': run, 'web/down': '', 'web/finish': finish },
    steps: [is('down')],
    trace: [],
  },
  {
    title: 'what was started once ends as the others do',
    tree: { 'web/run': run, 'web/down': '', 'web/finish': finish },
    steps: [is('down'), svc('o'), until('run')],
    trace: ['run', 'finish 256 15'],
  },
  {
    title: 'what is dying already ends as it was asked to',
    tree: {
      'web/run': sh('trap "say term; sleep 1.5; exit 4" TERM', 'say run', 'stay'),
      'web/finish': finish,
    },
    steps: [until('run'), svc('d'), until('term')],
    s6: ['run', 'term', 'term', 'finish 4 0'],
    ours: ['run', 'term', 'finish 4 0'],
    why: 'What was asked to end is not asked again.',
  },
  {
    title: 'what ignores TERM is killed when its timeout-kill is over',
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
    title: 'what takes its time, without timeout-kill: s6 waits for ever, ours for three seconds',
    tree: { 'web/run': sh('trap "sleep 5; exit 5" TERM', 'say run', 'stay'), 'web/finish': finish },
    steps: [until('run')],
    s6: ['run', 'finish 5 0'],
    ours: ['run', 'finish 256 9'],
    why: 'S6_SERVICES_GRACETIME holds for each service, so that a stop always comes to its end.',
  },
  {
    title: 'a finish script that hangs is killed when its timeout-finish is over',
    tree: {
      'web/run': run,
      'web/finish': sh('say finish $1 $2', 'stay'),
      'web/timeout-finish': '1000',
    },
    steps: [until('run')],
    trace: ['run', 'finish 256 15'],
  },
  {
    title: 'all are asked at the same time',
    tree: { 'a/run': sociable('a', 'b'), 'b/run': sociable('b', 'a') },
    steps: [until('a: run'), until('b: run')],
    trace: { a: ['run', 'ends'], b: ['run', 'ends'] },
  },
]);
