/*
 * Commands to a service that is down, for good or until its delay is over: what the state table does not show.
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
  svc,
  until,
  witness,
  write,
} from './case.ts';
import { conform } from './conform.ts';

/** What is frail has died, and its finish script has ended: a command, while it waits to be started again. */
const inItsDelay = (letters: string): Step =>
  hurry(until('finish 3 0'), is('down, wanted'), svc(letters));

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
    title: 'signals: nothing, and none of them waits for the next run',
    tree: { 'web/run': mortal, 'web/finish': finish, 'web/down': '', ...witness },
    steps: [is('down'), svc('tk1pc'), svc('u'), until('run'), ...aSecondLater],
    trace: ['run', 'a second later', 'finish 256 15'],
  },
  ...['d', 'O'].map((letter) => ({
    title: `${letter} in the delay: it stays down until it is asked for`,
    tree: { 'web/run': frail, 'web/finish': finish, ...witness },
    steps: [inItsDelay(letter), is('down'), ...aSecondLater, svc('u'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'a second later', 'run', 'finish 256 15'],
  })),
  {
    title: 't and k in the delay: it is not shortened',
    tree: { 'web/run': frail, 'web/finish': marking },
    steps: [inItsDelay('tk'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'back a second later', 'run', 'finish 256 15'],
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
