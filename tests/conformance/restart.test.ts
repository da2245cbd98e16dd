/*
 * What follows a death: finish, the delay, and the end of restarts.
 */
import {
  aSecondLater,
  finish,
  is,
  marking,
  mortal,
  run,
  sh,
  svc,
  timed,
  until,
  witness,
  write,
} from './case.ts';
import { conform } from './conform.ts';

/** A finish script the first call of which is killed; the second start of run reports how long that took. */
const hanging = sh(
  'mark',
  'say finish $1 $2',
  'count finishes',
  'if [ $count = 1 ]; then stay; fi',
);

conform('restarts', [
  {
    number: 23,
    title: 'run exits at once, without finish: it is restarted a second later',
    tree: {
      'web/run': sh('if [ -e moment ]; then ago; say back $ago; stay; fi', 'say run', 'mark'),
    },
    steps: [until('back a second later')],
    trace: ['run', 'back a second later'],
  },
  {
    number: 24,
    title: 'run has lived for longer than a second: it is still restarted a second later',
    tree: { 'web/run': timed, 'web/finish': marking, ...witness },
    steps: [until('run'), ...aSecondLater, svc('1'), until('run', 2)],
    trace: ['run', 'a second later', 'finish 3 0', 'back a second later', 'run', 'finish 256 15'],
  },
  {
    number: 25,
    title: 'finish takes longer than a second: run is restarted a second after its exit',
    tree: {
      'web/run': timed,
      'web/finish': sh('say finish $1 $2', 'if [ $1 = 3 ]; then sleep 1.2; fi', 'mark'),
    },
    steps: [until('run'), svc('1'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'back a second later', 'run', 'finish 256 15'],
  },
  {
    number: 26,
    title: 'run was ready for more than a second when it dies: it is restarted at once',
    tree: {
      'web/run': sh(
        'trap "exit 3" USR1',
        'if [ -e moment ]; then ago; say back $ago; fi',
        'echo >&3',
        'say run',
        'stay',
      ),
      'web/notification-fd': '3\n',
      'web/finish': marking,
      ...witness,
    },
    steps: [until('run'), is('up, wanted, ready'), ...aSecondLater, svc('1'), until('run', 2)],
    trace: ['run', 'a second later', 'finish 3 0', 'back at once', 'run', 'finish 256 15'],
  },
  {
    number: 26,
    title: 'run was ready just before it dies: it is restarted a second after its readiness',
    tree: {
      'web/run': sh(
        'if [ -e moment ]; then ago; say back $ago; stay; fi',
        'say run',
        'mark',
        'echo >&3',
        'sleep 0.2',
      ),
      'web/notification-fd': '3',
      'web/finish': finish,
    },
    steps: [until('back a second later')],
    trace: ['run', 'finish 0 0', 'back a second later', 'finish 256 15'],
  },
  {
    number: 28,
    title: 'finish exits 125: the service stays down until a command starts it',
    tree: {
      'web/run': mortal,
      'web/finish': sh('say finish $1 $2', 'exit 125'),
      ...witness,
    },
    steps: [until('run'), svc('1'), is('down'), ...aSecondLater, svc('u'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'a second later', 'run', 'finish 256 15'],
  },
  {
    title: 'finish exits with another code, or by a signal: run is restarted',
    tree: {
      'web/run': mortal,
      'web/finish': sh(
        'count finishes',
        'say finish $1 $2',
        'if [ $count = 1 ]; then exit 124; fi',
        'kill -KILL $$',
      ),
    },
    steps: [until('run'), svc('1'), until('run', 2), svc('1'), until('run', 3)],
    trace: ['run', 'finish 3 0', 'run', 'finish 3 0', 'run', 'finish 256 15'],
  },
  {
    title: 'each death has one finish, which exits before run starts again',
    tree: {
      'web/run': sh(
        'mkdir lock || say two at once',
        'count starts',
        'say run $count',
        'exit $count',
      ),
      'web/finish': sh(
        'say finish $1',
        'sleep 0.1',
        'rmdir lock',
        'if [ $1 = 3 ]; then exit 125; fi',
      ),
    },
    steps: [until('finish 3'), is('down')],
    trace: ['run 1', 'finish 1', 'run 2', 'finish 2', 'run 3', 'finish 3'],
  },
  {
    number: 29,
    title: 'finish hangs: it is killed after its timeout-finish, and run is restarted',
    tree: { 'web/run': mortal, 'web/finish': hanging, 'web/timeout-finish': '1000\n' },
    steps: [until('run'), svc('1'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'run', 'finish 256 15'],
  },
  ...[
    { title: 'there is no timeout-finish', files: {} },
    { title: 'its timeout-finish is no number', files: { 'web/timeout-finish': 'abc' } },
  ].map(({ title, files }) => ({
    number: 29,
    title: `finish hangs, and ${title}: it is killed after five seconds`,
    tree: {
      'web/run': sh(
        'trap "exit 3" USR1',
        'if [ -e moment ]; then ago; say back after $((hundredths / 500 * 5)) seconds or more; fi',
        'say run',
        'stay',
      ),
      'web/finish': hanging,
      ...files,
    },
    steps: [until('run'), svc('1'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'back after 5 seconds or more', 'run', 'finish 256 15'],
  })),
  {
    number: 29,
    title: 'timeout-finish is 0: finish has no limit',
    tree: {
      'web/run': mortal,
      'web/finish': sh('say finish $1 $2', 'if [ $1 = 3 ]; then sleep 5.5; say finished; fi'),
      'web/timeout-finish': '0',
    },
    steps: [until('run'), svc('1'), until('run', 2)],
    trace: ['run', 'finish 3 0', 'finished', 'run', 'finish 256 15'],
  },
  {
    title: 'KILL after timeout-finish: this library kills the children too',
    tree: {
      'web/run': sh(
        'trap "exit 3" USR1',
        'if [ ! -e child ]; then say run; stay; fi',
        'read -r child <child',
        'if lives $child; then say its child lives; else say its child is dead; fi',
        'say run',
        'stay',
      ),
      'web/finish': sh('if [ $1 = 3 ]; then (stay) & echo $! >child; say finish; stay; fi'),
      'web/timeout-finish': '1000',
    },
    steps: [until('run'), svc('1'), until('run', 2)],
    s6: ['run', 'finish', 'its child lives', 'run'],
    ours: ['run', 'finish', 'its child is dead', 'run'],
    why: 'KILL goes to the whole process group, as it does to that of run.',
  },
  {
    title: 'max-death-tally only limits the recorded deaths',
    tree: { 'web/run': mortal, 'web/finish': finish, 'web/max-death-tally': '1' },
    steps: [until('run'), svc('1'), until('run', 2), svc('1'), until('run', 3)],
    trace: ['run', 'finish 3 0', 'run', 'finish 3 0', 'run', 'finish 256 15'],
  },
  {
    number: 18,
    title: 'a service has no run: the others start, and it is tried again after ten seconds',
    tree: {
      'web/finish': finish,
      'web/data/empty': '',
      'other/run': sh('say other runs', 'stay'),
    },
    steps: [until('other runs'), is('down, wanted'), write({ 'web/run': run }), until('run')],
    trace: ['other runs', 'run', 'finish 256 15'],
  },
]);
