/*
 * Commands to a service while its finish script runs.
 */
import type { Case } from './case.ts';
import { aSecondLater, is, sh, svc, timed, until, witness, write } from './case.ts';
import { conform } from './conform.ts';

/** A finish script that stays, the first time, until there is a file `go`. It would say so if a signal came to it. */
const lingering = sh(
  'for name in HUP INT QUIT TERM USR1 USR2 CONT; do trap "say finish has $name" $name; done',
  'say finish $1 $2',
  'count finishes',
  'if [ $count = 1 ]; then until [ -e go ]; do sleep 0.1; done; fi',
  'mark',
  'say finished',
  'read -r code <code',
  'exit $code',
);

/** A tree whose finish script exits with that code. */
const tree = (code: number): Case['tree'] => ({
  'web/run': timed,
  'web/finish': lingering,
  'web/code': `${code}\n`,
  ...witness,
});

const whileFinishing = [until('run'), svc('1'), until('finish 3 0')] as const;
const go = [write({ 'web/go': '' }), until('finished')] as const;

const died = ['run', 'finish 3 0', 'finished'] as const;
const stopped = ['run', 'finish 256 15', 'finished'] as const;

conform('commands while finish runs', [
  ...['d', 'o', 'O', 'dd', 'ud'].map((letters) => ({
    number: 33,
    title: `${letters.split('').join(' and ')}: finish is not disturbed, and it stays down`,
    tree: tree(0),
    steps: [...whileFinishing, svc(letters), is('finishing'), ...go, is('down'), ...aSecondLater],
    trace: [...died, 'a second later'],
  })),
  ...['u', 'du', 'ou'].map((letters) => ({
    number: 33,
    title: `${letters.split('').join(' and ')}: finish is not disturbed, and it comes back after its delay`,
    tree: tree(0),
    steps: [...whileFinishing, svc(letters), is('finishing, wanted'), ...go, until('run', 2)],
    trace: [...died, 'back a second later', ...stopped],
  })),
  {
    number: 33,
    title: 'd on what is up, then u: it comes back after its delay',
    tree: tree(0),
    steps: [
      ...[until('run'), svc('d'), until('finish 256 15'), is('finishing')],
      ...[svc('u'), is('finishing, wanted'), ...go, until('run', 2)],
    ],
    trace: ['run', 'finish 256 15', 'finished', 'back a second later', ...stopped],
  },
  {
    number: 34,
    title: 'signals: nothing',
    tree: tree(0),
    steps: [...whileFinishing, svc('abqhkti12ypc'), ...go, until('run', 2)],
    trace: [...died, 'back a second later', ...stopped],
  },
  {
    title: 'r: ours comes back without a delay',
    tree: tree(0),
    steps: [...whileFinishing, svc('r'), ...go, until('run', 2)],
    s6: [...died, 'back a second later', ...stopped],
    ours: [...died, 'back at once', ...stopped],
    why: 'restart() is a request to come back, which waits for no delay; in s6 r is only a signal.',
  },
  {
    number: 28,
    title: 'u, and finish exits 125: it stays down',
    tree: tree(125),
    steps: [...whileFinishing, svc('u'), ...go, is('down'), ...aSecondLater],
    trace: [...died, 'a second later'],
  },
  {
    number: 28,
    title: 'd, and finish exits 125: it is down, and u starts it again',
    tree: tree(125),
    steps: [...whileFinishing, svc('d'), ...go, is('down'), svc('u'), until('run', 2)],
    trace: [...died, 'back at once', ...stopped],
  },
]);
