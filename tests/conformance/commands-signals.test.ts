/*
 * Signals to a service that is up.
 */
import { aSecondLater, finish, is, run, sh, stubborn, svc, until, witness } from './case.ts';
import { conform } from './conform.ts';

/** A run that reports each signal, and exits at the second TERM. */
const catcher = sh(
  'for name in ALRM ABRT QUIT HUP INT USR1 USR2 WINCH; do trap "say $name" $name; done',
  'trap "trap - TERM; say TERM" TERM',
  'say run',
  'stay',
);

conform('signals', [
  {
    title: 'each letter sends its signal',
    tree: { 'web/run': catcher },
    steps: [
      until('run'),
      ...[svc('a'), until('ALRM'), svc('b'), until('ABRT'), svc('q'), until('QUIT')],
      ...[svc('h'), until('HUP'), svc('i'), until('INT'), svc('1'), until('USR1')],
      ...[svc('2'), until('USR2'), svc('y'), until('WINCH'), svc('t'), until('TERM')],
    ],
    trace: ['run', 'ALRM', 'ABRT', 'QUIT', 'HUP', 'INT', 'USR1', 'USR2', 'WINCH', 'TERM'],
  },
  {
    title: 'k: run dies, finish gets the signal, and the service is restarted',
    tree: { 'web/run': run, 'web/finish': finish },
    steps: [until('run'), svc('k'), until('run', 2)],
    trace: ['run', 'finish 256 9', 'run', 'finish 256 15'],
  },
  {
    number: 37,
    title: 'p, then t: nothing happens until c, then run dies and is restarted',
    tree: {
      'web/run': run,
      'web/finish': finish,
      'other/run': sh('trap "say meanwhile" USR1', 'stay'),
      ...witness,
    },
    // The second lets the process reach its stop: of two pending signals, the kernel delivers TERM before STOP.
    steps: [
      ...[until('run'), svc('p'), ...aSecondLater, svc('t')],
      ...[svc('1', 'other'), until('meanwhile'), svc('c'), until('run', 2)],
    ],
    trace: ['run', 'a second later', 'meanwhile', 'finish 256 15', 'run', 'finish 256 15'],
  },
  {
    number: 37,
    title: 'd on a paused service: it is continued and dies',
    tree: { 'web/run': run, 'web/finish': finish },
    steps: [until('run'), svc('p'), svc('d'), is('down')],
    trace: ['run', 'finish 256 15'],
  },
  {
    title: 'k on a paused service: it dies at once',
    tree: { 'web/run': run, 'web/finish': finish },
    steps: [until('run'), svc('pk'), until('run', 2)],
    trace: ['run', 'finish 256 9', 'run', 'finish 256 15'],
  },
  {
    title: 'signals go to run alone, not to its children',
    tree: {
      'web/run': sh(
        'trap "say usr1" USR1',
        '(trap "say its child has usr1" USR1; say child; stay) &',
        'stay',
      ),
      ...witness,
    },
    steps: [until('child'), svc('1'), until('usr1'), ...aSecondLater],
    trace: ['child', 'usr1', 'a second later'],
  },
  {
    title: 't does not start timeout-kill',
    tree: { 'web/run': stubborn, 'web/finish': finish, 'web/timeout-kill': '200', ...witness },
    steps: [until('run 1'), svc('t'), until('term'), ...aSecondLater, svc('1'), until('run 2')],
    trace: ['run 1', 'term', 'a second later', 'finish 3 0', 'run 2', 'finish 256 15'],
  },
  ...['SIGHUP', 'HUP', '1', 'hup\n'].map((signal) => ({
    number: 32,
    title: `down-signal ${JSON.stringify(signal)}: d sends HUP`,
    tree: { 'web/run': run, 'web/finish': finish, 'web/down-signal': signal },
    steps: [until('run'), svc('d'), is('down')],
    trace: ['run', 'finish 256 1'],
  })),
  {
    title: 'r sends the down-signal too',
    tree: { 'web/run': run, 'web/finish': finish, 'web/down-signal': 'SIGUSR2' },
    steps: [until('run'), svc('r'), until('run', 2), svc('d'), is('down')],
    trace: ['run', 'finish 256 12', 'run', 'finish 256 12'],
  },
  {
    title: 'an invalid down-signal: d sends TERM',
    tree: { 'web/run': run, 'web/finish': finish, 'web/down-signal': 'SIGNONE' },
    steps: [until('run'), svc('d'), is('down')],
    trace: ['run', 'finish 256 15'],
  },
  {
    title: 'in one call with o: a signal goes to the run that has just been started',
    tree: {
      'web/run': sh('stay'),
      'web/finish': finish,
      'web/down': '',
      'web/notification-fd': '3',
    },
    steps: [svc('ot'), until('finish 256 15'), is('down')],
    trace: ['finish 256 15'],
  },
]);
