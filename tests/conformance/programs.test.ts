/*
 * The programs by which scripts control their supervisor: those of s6, and the shims of this library.
 */
import { asking, finish, is, run, sh, svc, until, write } from './case.ts';
import { conform } from './conform.ts';

/** Reports the output of `s6-svstat`, without what differs between runs. */
const says = String.raw`look() {
  say "$(s6-svstat "$@" ../web | sed 's/(pid [0-9]*)/(pid)/; s/[0-9]* seconds/some time/g')"
}`;

const twoLooks = [
  says,
  'look',
  'look -o up,wantedup,normallyup,ready,paused,exitcode,signal,signum',
];
const lookTwice = asking(...twoLooks);
const announcing = sh('echo >&3', 'say run', 'stay');

conform('control files that a script changes', [
  {
    title: 's6-svc -r sends the current down-signal',
    tree: {
      'web/run': sh('trap "say caught; exit 3" USR2', 'say run', 'stay'),
      'web/finish': finish,
      ...asking('echo USR2 >../web/down-signal', 's6-svc -r ../web'),
    },
    steps: [until('run'), svc('o', 'desk'), until('run', 2)],
    trace: ['run', 'caught', 'finish 3 0', 'run', 'caught', 'finish 3 0'],
  },
  {
    title: 's6-svstat reports the current down file',
    tree: {
      'web/run': run,
      ...asking(
        ...[': >../web/down', 'say $(s6-svstat -o normallyup ../web)'],
        ...['rm ../web/down', 'say $(s6-svstat -o normallyup ../web)'],
      ),
    },
    steps: [until('run'), svc('o', 'desk'), until('true')],
    trace: ['run', 'false', 'true'],
  },
  {
    title: 's6-svc -wU waits for the readiness by the current notification-fd, and times out',
    tree: {
      'web/run': run,
      ...asking('echo 3 >../web/notification-fd', 's6-svc -wU -T 1000 -u ../web', 'say wU: $?'),
    },
    steps: [until('run'), svc('o', 'desk'), until('wU: 99')],
    trace: ['run', 'wU: 99'],
  },
]);

conform('s6-svstat', [
  {
    title: 'a service that is up, and announces nothing',
    tree: { 'web/run': run, ...lookTwice },
    steps: [
      ...[until('run'), is('up, wanted')],
      ...[svc('o', 'desk'), until('true true true false false -1 NA -1')],
    ],
    trace: ['run', 'up (pid) some time', 'true true true false false -1 NA -1'],
  },
  {
    title: 'a service that has announced its readiness, and is normally down',
    tree: { 'web/run': announcing, 'web/notification-fd': '3', 'web/down': '', ...lookTwice },
    steps: [
      ...[svc('u'), until('run'), is('up, wanted, ready')],
      ...[svc('o', 'desk'), until('true true false true false -1 NA -1')],
    ],
    trace: [
      'run',
      'up (pid) some time, normally down, ready some time',
      'true true false true false -1 NA -1',
    ],
  },
  {
    title: 'a service that runs once, and is paused',
    tree: {
      'web/run': run,
      'web/down': '',
      ...asking(
        'until [ "$(s6-svstat -o paused ../web)" = true ]; do sleep 0.02; done',
        ...twoLooks,
      ),
    },
    steps: [
      ...[svc('o'), until('run'), svc('p'), svc('o', 'desk')],
      ...[until('true false false false true -1 NA -1'), svc('c')],
    ],
    trace: [
      'run',
      'up (pid) some time, normally down, paused, want down',
      'true false false false true -1 NA -1',
    ],
  },
  {
    title: 'a service that a signal ended, by name and by number',
    tree: {
      'web/run': run,
      ...asking(says, 'look', 'look -n', 'look -wes', 'look -o signum', 'say done'),
    },
    steps: [until('run'), svc('d'), is('down'), svc('o', 'desk'), until('done')],
    trace: [
      'run',
      'down (signal SIGTERM) some time, normally up, ready some time',
      'down (signal 15) some time, normally up, ready some time',
      'false -1 SIGTERM',
      '15',
      'done',
    ],
  },
  {
    title: 'a service that has exited, from its own finish script',
    tree: {
      'web/run': sh('say run', 'exit 3'),
      'web/finish': sh(
        says.replace('../web', '.'),
        'until [ "$(s6-svstat -u .)" = false ]; do sleep 0.02; done',
        ...['look', 'look -uwre', 'exit 125'],
      ),
    },
    steps: [until('false true false 3'), is('down')],
    trace: ['run', 'down (exitcode 3) some time, normally up, want up', 'false true false 3'],
  },
  {
    title: 'an unknown service: 1; an unknown field: 100',
    tree: {
      'web/run': run,
      ...asking('s6-svstat ../nobody', 'say $?', 's6-svstat -o nothing ../web', 'say $?'),
    },
    steps: [until('run'), svc('o', 'desk'), until('100')],
    trace: ['run', '1', '100'],
  },
]);

conform('s6-svwait', [
  {
    number: 43,
    title: 'a service that fails for good during the wait: 1; afterwards the wait times out',
    tree: {
      'web/run': sh('trap "exit 3" USR1', 'say run', 'stay'),
      'web/finish': sh('exit 125'),
      'web/notification-fd': '3',
      ...asking('s6-svc -wU -1 ../web', 'say $?', 's6-svwait -t 1000 -u ../web', 'say $?'),
    },
    steps: [until('run'), svc('o', 'desk'), until('99')],
    trace: ['run', '1', '99'],
  },
  {
    title: 'the wait for a current state ends at once, with a down file too',
    tree: {
      'web/run': run,
      'web/down': '',
      ...asking('s6-svwait -d ../web && s6-svwait -D ../web', 'say $?'),
    },
    steps: [is('down'), svc('o', 'desk'), until('0')],
    trace: ['0'],
  },
  {
    title: 'the wait for all of several services, or any',
    tree: {
      'web/run': run,
      'api/down': '',
      'api/run': sh('say api', 'stay'),
      ...asking(
        's6-svwait -o -t 1000 ../web ../api',
        'say any: $?',
        's6-svwait -a -t 1000 ../web ../api',
        'say all: $?',
        's6-svc -wu -u ../api',
        's6-svwait -a ../web ../api',
        'say all: $?',
      ),
    },
    steps: [until('run'), is('down', 'api'), svc('o', 'desk'), until('all: 0'), until('api')],
    trace: { api: [''], run: [''], any: ['0'], all: ['99', '0'] },
  },
]);

conform('s6-svc from a script', [
  {
    title: '-wD waits for the end of finish, -wd for that of run',
    tree: {
      'web/run': run,
      'web/finish': sh('until [ -e go ]; do sleep 0.02; done', 'say finish'),
      ...asking(
        ...['s6-svc -wd -d ../web', 'say down'],
        ...['until [ -e go ]; do sleep 0.02; done', ': >../web/go'],
        ...['s6-svc -wD ../web', 'say Down'],
      ),
    },
    // Between run and finish, s6 reports a state without a finish to come.
    steps: [
      ...[until('run'), svc('o', 'desk'), until('down'), is('finishing')],
      ...[write({ 'desk/go': '' }), until('Down')],
    ],
    trace: ['run', 'down', 'finish', 'Down'],
  },
  {
    title: '-wU waits for the announcement',
    tree: {
      'web/down': '',
      'web/notification-fd': '3',
      'web/run': sh(
        'say run',
        'until [ -e go ]; do sleep 0.02; done',
        'say announces',
        'echo >&3',
        'stay',
      ),
      ...asking('s6-svc -wu -u ../web', ': >../web/go', 's6-svc -wU ../web', 'say ready'),
    },
    steps: [is('down'), svc('o', 'desk'), until('ready')],
    trace: ['run', 'announces', 'ready'],
  },
  {
    title: '-T: the wait times out with 99',
    tree: {
      'web/down': '',
      'web/run': run,
      ...asking('s6-svc -wu -T 1000 -h ../web', 'say $?'),
    },
    steps: [is('down'), svc('o', 'desk'), until('99')],
    trace: ['99'],
  },
  {
    title: 'a service stops itself, and is not restarted',
    tree: { 'web/run': sh('say run', 's6-svc -d .', 'stay'), 'web/finish': finish },
    steps: [until('finish 256 15'), is('down')],
    trace: ['run', 'finish 256 15'],
  },
  {
    title: 'a finish script that calls -O: no restart until a command starts the service',
    tree: { 'web/run': sh('say run', 'exit 3'), 'web/finish': sh('s6-svc -O .', 'say finish') },
    steps: [until('finish'), is('down')],
    trace: ['run', 'finish'],
  },
  {
    title: '-D makes a down file, -U removes it',
    tree: {
      'web/run': run,
      ...asking(
        's6-svc -wD -D ../web',
        'say "normally up: $(s6-svstat -o normallyup ../web)"',
        's6-svc -wu -U ../web',
        'say "normally up: $(s6-svstat -o normallyup ../web)"',
      ),
    },
    steps: [
      until('run'),
      is('up, wanted'),
      svc('o', 'desk'),
      until('run', 2),
      until('normally up: true'),
    ],
    trace: ['run', 'normally up: false', 'run', 'normally up: true'],
  },
]);

conform('s6-svok', [
  {
    title: 's6-svok reports whether a directory has a supervisor',
    tree: {
      'web/run': run,
      ...asking('s6-svok ../web', 'say web $?', 's6-svok ../nobody', 'say nobody $?'),
    },
    steps: [until('run'), svc('o', 'desk'), until('nobody 1')],
    trace: ['run', 'web 0', 'nobody 1'],
  },
]);

conform('s6-svscanctl from a script', [
  {
    title: '-an: new services are started, removed ones are stopped',
    tree: {
      'web/run': run,
      'old/run': sh('trap "say old: ends; exit" TERM', 'say old: runs', 'stay'),
      ...asking('mv ../old ../.old', 'mv ../.new ../new', 's6-svscanctl -an ..', 'say $?'),
      '.new/run': sh('say new', 'stay'),
    },
    steps: [
      until('run'),
      until('old: runs'),
      svc('o', 'desk'),
      until('new'),
      until('old: ends'),
      until('0'),
    ],
    trace: { run: [''], old: ['runs', 'ends'], '0': [''], new: [''] },
  },
  {
    title: '-t: everything stops',
    tree: {
      'web/run': run,
      'web/finish': finish,
      ...asking('exec s6-svscanctl -t ..'),
    },
    steps: [until('run'), svc('o', 'desk'), until('finish 256 15')],
    trace: ['run', 'finish 256 15'],
  },
]);
