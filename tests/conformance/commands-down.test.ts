/*
 * Commands to a service that is down: for good, or until its delay is over.
 */
import type { Step } from './case.ts';
import {
  aSecondLater,
  finish,
  frail,
  hurry,
  is,
  marking,
  mortal,
  run,
  sh,
  svc,
  until,
  witness,
  write,
} from './case.ts';
import { conform } from './conform.ts';

/** What is frail has died, and its finish script has ended: a command, while it waits to be started again. */
const inItsDelay = (letters: string): Step =>
  hurry(until('finish 3 0'), is('down, wanted'), svc(letters));

/** A run that is frail, and says nothing at its second start, which ends it knows not when. */
const shy = sh('count starts', 'if [ $count = 1 ]; then say run; exit 3; fi', 'stay');

conform('commands to a service that is down', [
  {
    number: 39,
    title: 'a service with a down file is not started; u starts it',
    tree: { 'web/run': run, 'web/down': '', ...witness },
    steps: [...aSecondLater, is('down'), svc('u'), until('run')],
    trace: ['a second later', 'run'],
  },
  {
    title: 'a down file matters at the start only: what dies later comes back',
    tree: { 'web/run': mortal, 'web/finish': finish, 'web/down': '' },
    steps: [is('down'), svc('u'), until('run'), svc('1'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'run', 'finish 256 15'],
  },
  {
    title: 'd: nothing, not even finish',
    tree: { 'web/run': run, 'web/finish': finish, 'web/down': '', ...witness },
    steps: [is('down'), svc('d'), ...aSecondLater],
    trace: ['a second later'],
  },
  {
    title: 'O: nothing',
    tree: { 'web/run': run, 'web/finish': finish, 'web/down': '', ...witness },
    steps: [is('down'), svc('O'), ...aSecondLater],
    trace: ['a second later'],
  },
  {
    title: 'signals: nothing, and none of them waits for the next run',
    tree: { 'web/run': mortal, 'web/finish': finish, 'web/down': '', ...witness },
    steps: [is('down'), svc('tk1pc'), svc('u'), until('run'), ...aSecondLater],
    trace: ['run', 'a second later', 'finish 256 15'],
  },
  {
    number: 36,
    title: 'o: it runs once',
    tree: { 'web/run': mortal, 'web/finish': finish, 'web/down': '', ...witness },
    steps: [is('down'), svc('o'), until('run'), is('up'), svc('1'), is('down'), ...aSecondLater],
    trace: ['run', 'finish 3 0', 'a second later'],
  },
  {
    title: 'u twice in one go: it runs, once at a time',
    tree: { 'web/run': run, 'web/finish': finish, 'web/down': '', ...witness },
    steps: [is('down'), svc('uu'), until('run'), ...aSecondLater],
    trace: ['run', 'a second later', 'finish 256 15'],
  },
  {
    title: 'u and o in one go: it runs once',
    tree: { 'web/run': mortal, 'web/finish': finish, 'web/down': '', ...witness },
    steps: [is('down'), svc('uo'), until('run'), is('up'), svc('1'), is('down'), ...aSecondLater],
    trace: ['run', 'finish 3 0', 'a second later'],
  },
  {
    title: 'o and u in one go: it comes back when it dies',
    tree: { 'web/run': mortal, 'web/finish': finish, 'web/down': '' },
    steps: [is('down'), svc('ou'), until('run'), svc('1'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'run', 'finish 256 15'],
  },
  {
    title: 'd and u in one go: it starts',
    tree: { 'web/run': run, 'web/finish': finish, 'web/down': '' },
    steps: [is('down'), svc('du'), until('run')],
    trace: ['run', 'finish 256 15'],
  },
  ...['ud', 'od'].map((letters) => ({
    title: `${letters.split('').join(' and ')} in one go: TERM before it has done anything, and finish`,
    tree: { 'web/run': sh('stay'), 'web/finish': finish, 'web/down': '', ...witness },
    steps: [is('down'), svc(letters), until('finish 256 15'), is('down'), ...aSecondLater],
    trace: ['finish 256 15', 'a second later'],
  })),
  {
    title: 'u in the delay: it starts at once',
    tree: { 'web/run': frail, 'web/finish': marking },
    steps: [inItsDelay('u'), until('run', 2), is('up, wanted')],
    trace: ['run', 'finish 3 0', 'back at once', 'run', 'finish 256 15'],
  },
  {
    title: 'o in the delay: it starts at once, and does not come back',
    tree: { 'web/run': frail, 'web/finish': marking, ...witness },
    steps: [
      ...[inItsDelay('o'), until('run', 2), is('up')],
      ...[svc('1'), is('down'), ...aSecondLater],
    ],
    trace: ['run', 'finish 3 0', 'back at once', 'run', 'finish 3 0', 'a second later'],
  },
  ...['d', 'O'].map((letter) => ({
    title: `${letter} in the delay: it stays down until it is asked for`,
    tree: { 'web/run': frail, 'web/finish': finish, ...witness },
    steps: [inItsDelay(letter), is('down'), ...aSecondLater, svc('u'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'a second later', 'run', 'finish 256 15'],
  })),
  {
    title: 'u and d in the delay, in one go: it is started, and ends at once',
    tree: { 'web/run': shy, 'web/finish': finish, ...witness },
    steps: [inItsDelay('ud'), until('finish 256 15'), is('down'), ...aSecondLater],
    trace: ['run', 'finish 3 0', 'finish 256 15', 'a second later'],
  },
  {
    title: 't and k in the delay: it is not shortened',
    tree: { 'web/run': frail, 'web/finish': marking },
    steps: [inItsDelay('tk'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'back a second later', 'run', 'finish 256 15'],
  },
  {
    title: 'r in the delay: ours starts at once',
    tree: { 'web/run': frail, 'web/finish': marking },
    steps: [inItsDelay('r'), until('run', 2)],
    s6: ['run', 'finish 3 0', 'back a second later', 'run', 'finish 256 15'],
    ours: ['run', 'finish 3 0', 'back at once', 'run', 'finish 256 15'],
    why: 'restart() of what is down is a start; in s6 r is only a signal.',
  },
  {
    title: 'u where run could not be executed: another try at once, and no finish before',
    tree: { 'web/finish': finish, 'web/data/empty': '' },
    steps: [is('down, wanted'), write({ 'web/run': run }), svc('u'), until('run')],
    trace: ['run', 'finish 256 15'],
  },
  {
    title: 'd where run could not be executed: no further try',
    tree: { 'web/finish': finish, 'web/data/empty': '' },
    steps: [is('down, wanted'), svc('d'), is('down'), svc('u'), is('down, wanted')],
    trace: [],
  },
]);
