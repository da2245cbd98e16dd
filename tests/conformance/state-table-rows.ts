/*
 * The state table: how a service reaches each state, and the effects of commands there.
 */
import { aSecondLater, hurry, is, marking, sh, svc, timed, until, write } from './case.ts';
import type { End, Row } from './state-table.ts';
import {
  after,
  backAtOnce,
  backLater,
  comesBack,
  died,
  differs,
  down,
  ends,
  killed,
  later,
  runsOn,
  runsToItsEnd,
  starts,
  startsOnce,
  termed,
} from './state-table.ts';

const asked = 'restart() is a request to come back at once; in s6 r is only a signal.';
const onlyOnce = 'A service that was asked to stop is not asked again.';

const go = write({ 'web/go': '' });
const untilGo = 'until [ -e go ]; do sleep 0.1; done';

const unprepared = [
  'if [ -e moment ]; then ago; fi',
  // Enough time for every signal that was sent before there was a `go`.
  'sleep 0.1',
  untilGo,
  'trap "exit 3" USR1',
  'if [ "$ago" ]; then say back $ago; fi',
  'say run',
  'stay',
];

/** A run without traps until there is a file `go`: signals before that have their default action. */
const fresh = sh(...unprepared);

/** The same, but its first run exits by itself. */
const freshAgain = sh('count starts', 'if [ $count = 1 ]; then say run; exit 3; fi', ...unprepared);

/** A run that survives one TERM, at its first start. */
const stubborn = sh(
  'trap "exit 3" USR1',
  'if [ -e moment ]; then ago; say back $ago; else trap "trap - TERM; say term" TERM; fi',
  'say run',
  'stay',
);

/** A finish script that exits 125, the first time. */
const resigning = sh(
  'say finish $1 $2',
  'count finishes',
  'if [ $count = 1 ]; then exit 125; fi',
  'mark',
);

/** A finish script that waits for a file `go`; a signal would end it first. */
const lingering = sh('say finish $1 $2', untilGo, 'say finished', 'mark');

const announcing = {
  'web/run': fresh,
  'web/finish': marking,
  'web/down': '',
  'web/notification-fd': '3',
};

/** Its scripts do not report whether it has exited. */
const silent = { 'web/run': fresh, 'web/down': '', 'web/notification-fd': '3' };

const finishing = { 'web/run': timed, 'web/finish': lingering, 'web/timeout-finish': '0' };

const comesAtOnce = ['back at once', 'run', later, termed] as const;

const finishesAndComes: End = {
  steps: [is('finishing, wanted'), go, until('run', 2)],
  trace: ['finished', ...backLater, 'finished'],
};

const finishesAndRests: End = {
  steps: [is('finishing'), go, ...down.steps],
  trace: ['finished', later],
};

const finishesAndOursComes = differs(asked, [go, ...aSecondLater], {
  s6: ['finished', later],
  ours: ['finished', ...comesAtOnce, 'finished'],
});

/** It dies without a trap, and is restarted after its delay; its nth start is complete. */
const diesAndComesBack = (nth: number, word = termed): End =>
  after(until(word), after(go, comesBack(nth, word)));

const staysDown: Row['cells'] = [
  ['d dd O OO t tt k kk', down],
  ['r', differs(asked, [go, ...aSecondLater], { s6: [later], ours: ['run', later, termed] })],
  ['rr', differs(asked, [go, ...aSecondLater], { s6: [later], ours: [termed, ...comesAtOnce] })],
];

/** The effects of commands on a service that is down, and would start for the nth time. */
const startsOrNot = (nth: number, ...words: readonly string[]): Row['cells'] => [
  ['u uu du ou ru', after(go, starts(nth, ...words))],
  ['o oo do uo ro', after(go, startsOnce(nth, ...words))],
  ['ud od ot', ends(termed)],
  ['ut', diesAndComesBack(nth)],
  ['rd', differs(asked, aSecondLater, { s6: [later], ours: [termed, later] })],
  [
    'dr',
    differs(asked, [go, ...aSecondLater], { s6: [later], ours: [...words, 'run', later, termed] }),
  ],
];

/** Every state with every command, once and twice, and further combinations of commands. */
export const rows: readonly Row[] = [
  {
    state: 'down',
    tree: { 'web/run': fresh, 'web/finish': marking, 'web/down': '' },
    arrive: [is('down')],
    said: [],
    cells: [...staysDown, ...startsOrNot(1)],
  },
  {
    state: 'failed',
    tree: { 'web/run': freshAgain, 'web/finish': resigning },
    arrive: [until(died), is('down')],
    said: ['run', died],
    cells: [...staysDown, ...startsOrNot(2)],
  },
  {
    state: 'backoff',
    tree: { 'web/run': freshAgain, 'web/finish': marking, 'web/down': '' },
    arrive: [is('down')],
    said: ['run', died],
    give: (letters) => hurry(svc('u'), until(died), is('down, wanted'), svc(letters)),
    cells: [
      ['d dd O OO', down],
      ['t tt k kk', after(go, comesBack(2))],
      ['r', differs(asked, [go, until('run', 2)], { s6: backLater, ours: backAtOnce })],
      [
        'rr',
        differs(asked, [go, until('run', 2)], { s6: backLater, ours: [termed, ...backAtOnce] }),
      ],
      ...startsOrNot(2, 'back at once'),
    ],
  },
  {
    state: 'starting',
    tree: announcing,
    arrive: [is('down')],
    said: [],
    give: (letters) => svc(`u${letters}`),
    cells: [
      ['u uu ou', after(go, starts(1))],
      ['o oo O OO uo', after(go, startsOnce(1))],
      ['d dd ud', ends(termed)],
      ['t tt', diesAndComesBack(1)],
      ['k kk', diesAndComesBack(1, killed)],
    ],
  },
  {
    // s6 lets the process die first, this library only if it exists already.
    state: 'starting',
    tree: silent,
    arrive: [is('down')],
    said: [],
    give: (letters) => svc(`u${letters}`),
    cells: [
      [
        'r rr du',
        { steps: [...aSecondLater, go, until('run'), is('up, wanted')], trace: [later, 'run'] },
      ],
    ],
  },
  {
    state: 'starting',
    how: 'for once',
    tree: announcing,
    arrive: [is('down')],
    said: [],
    give: (letters) => svc(`o${letters}`),
    cells: [
      ['u', after(go, starts(1))],
      ['o O', after(go, startsOnce(1))],
      ['d t', ends(termed)],
      ['k', ends(killed)],
    ],
  },
  {
    state: 'starting',
    how: 'for once',
    tree: silent,
    arrive: [is('down')],
    said: [],
    give: (letters) => svc(`o${letters}`),
    cells: [['r', differs(asked, [go, ...aSecondLater], { s6: [later], ours: ['run', later] })]],
  },
  {
    state: 'up',
    tree: { 'web/run': timed, 'web/finish': marking },
    arrive: [until('run'), is('up, wanted')],
    said: ['run'],
    cells: [
      ['u uu ou', runsOn],
      ['o oo O OO uo', runsToItsEnd],
      ['d dd ud do rd ro ot to dt td', ends(termed)],
      ['ok', ends(killed)],
      ['t tt ut tu du', comesBack(2, termed)],
      ['k kk uk', comesBack(2, killed)],
      [
        'r rr ru rt tr',
        differs(asked, [until('run', 2)], {
          s6: [termed, ...backLater],
          ours: [termed, ...backAtOnce],
        }),
      ],
      [
        'dr or',
        differs(asked, aSecondLater, {
          s6: [termed, later],
          ours: [termed, ...comesAtOnce],
        }),
      ],
    ],
  },
  {
    state: 'stopping',
    tree: { 'web/run': stubborn, 'web/finish': marking },
    arrive: [until('run'), svc('d'), until('term'), is('up')],
    said: ['run', 'term'],
    cells: [
      ['u uu ou', runsOn],
      ['o oo O OO uo', runsToItsEnd],
      ['t tt ot', ends(termed)],
      ['k kk ok', ends(killed)],
      ['ut tu', comesBack(2, termed)],
      ['uk', comesBack(2, killed)],
      [
        'd dd ud od do rd ro',
        differs(onlyOnce, [svc('1'), ...down.steps], { s6: [termed, later], ours: [died, later] }),
      ],
      [
        'du',
        differs(onlyOnce, [svc('1'), until('run', 2)], {
          s6: [termed, ...backLater],
          ours: [died, ...backLater],
        }),
      ],
      ['rt', differs(asked, aSecondLater, { s6: [termed, later], ours: [termed, ...comesAtOnce] })],
      [
        'r rr dr or',
        differs(asked, [svc('1'), ...aSecondLater], {
          s6: [termed, later],
          ours: [died, ...comesAtOnce],
        }),
      ],
    ],
  },
  {
    state: 'finishing',
    tree: finishing,
    arrive: [until('run'), svc('1'), until(died)],
    said: ['run', died],
    cells: [
      ['u uu t tt k kk du ou ut', finishesAndComes],
      ['d dd o oo O OO ud do uo rd ro ot', finishesAndRests],
      [
        'r rr ru rt tr',
        differs(asked, [go, until('run', 2)], {
          s6: ['finished', ...backLater, 'finished'],
          ours: ['finished', ...backAtOnce, 'finished'],
        }),
      ],
      ['dr or', finishesAndOursComes],
    ],
  },
  {
    state: 'finishing',
    how: 'after d',
    tree: finishing,
    arrive: [until('run'), svc('d'), until(termed)],
    said: ['run', termed],
    cells: [
      ['u', finishesAndComes],
      ['d o O t k', finishesAndRests],
      ['r', finishesAndOursComes],
    ],
  },
];
