/*
 * Commands to a service while its finish script runs, in addition to the state table.
 */
import type { Case } from './case.ts';
import { aSecondLater, is, sh, svc, timed, until, witness, write } from './case.ts';
import { conform } from './conform.ts';

/** A finish script the first run of which stays until there is a file `go`. It reports every signal. */
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

/** A tree with a finish script that exits with this code. */
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
  {
    number: 34,
    title: 'signals: nothing',
    tree: tree(0),
    steps: [...whileFinishing, svc('abqhkti12ypc'), ...go, until('run', 2)],
    trace: [...died, 'back a second later', ...stopped],
  },
  {
    number: 28,
    title: 'u, and finish exits 125: the service stays down',
    tree: tree(125),
    steps: [...whileFinishing, svc('u'), ...go, is('down'), ...aSecondLater],
    trace: [...died, 'a second later'],
  },
  {
    number: 28,
    title: 'd, and finish exits 125: the service is down, and u starts it again',
    tree: tree(125),
    steps: [...whileFinishing, svc('d'), ...go, is('down'), svc('u'), until('run', 2)],
    trace: [...died, 'back at once', ...stopped],
  },
]);
