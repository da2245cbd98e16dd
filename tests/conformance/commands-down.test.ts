/*
 * Commands to a service that is down, for good or during a restart delay, in addition to the state table.
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

/** Starts a frail service, and gives commands in its restart delay: it has exited, and its finish script too. */
const inItsDelay = (letters: string): readonly Step[] => [
  is('down'),
  hurry(svc('u'), until('finish 3 0'), is('down, wanted'), svc(letters)),
];

conform('commands to a service that is down', [
  {
    number: 39,
    title: 'a service with a down file is not started; u starts it',
    tree: { 'web/run': run, 'web/down': '', ...witness },
    steps: [...aSecondLater, is('down'), svc('u'), until('run')],
    trace: ['a second later', 'run'],
  },
  {
    title: 'a down file only matters at the start: a service that dies later is restarted',
    tree: { 'web/run': mortal, 'web/finish': finish, 'web/down': '' },
    steps: [is('down'), svc('u'), until('run'), svc('1'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'run', 'finish 256 15'],
  },
  {
    title: 'a signal has no effect, and does not wait for the next run',
    tree: { 'web/run': mortal, 'web/finish': finish, 'web/down': '', ...witness },
    steps: [is('down'), svc('tk1pc'), svc('u'), until('run'), ...aSecondLater],
    trace: ['run', 'a second later', 'finish 256 15'],
  },
  ...['d', 'O'].map((letter) => ({
    title: `${letter} in the delay: the service stays down until a command starts it`,
    tree: { 'web/run': frail, 'web/finish': finish, 'web/down': '', ...witness },
    steps: [...inItsDelay(letter), is('down'), ...aSecondLater, svc('u'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'a second later', 'run', 'finish 256 15'],
  })),
  {
    title: 't and k in the delay do not shorten it',
    tree: { 'web/run': frail, 'web/finish': marking, 'web/down': '' },
    steps: [...inItsDelay('tk'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'back a second later', 'run', 'finish 256 15'],
  },
  {
    title: 'u when run could not be executed: another try at once, without a finish before it',
    tree: { 'web/finish': finish, 'web/data/empty': '' },
    steps: [is('down, wanted'), write({ 'web/run': run }), svc('u'), until('run')],
    trace: ['run', 'finish 256 15'],
  },
  {
    title: 'd when run could not be executed: no further try',
    tree: { 'web/finish': finish, 'web/data/empty': '' },
    steps: [is('down, wanted'), svc('d'), is('down'), svc('u'), is('down, wanted')],
    trace: [],
  },
]);
