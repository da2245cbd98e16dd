/*
 * The environment of run and finish: arguments, folder, descriptors, signals, session.
 */
import { finish, is, run, sh, svc, until } from './case.ts';
import { conform } from './conform.ts';
import { inheritedDescriptors } from './descriptors.ts';

/** Reports the session of a script: whether it leads a session and a group of its own. */
const session = [
  'read -r pid _ _ _ group session _ </proc/self/stat',
  'if [ $pid = $group ] && [ $pid = $session ]; then own="its own session"; else own=no; fi',
];

/** Reports the signals that a script would not get. */
const signals = [
  'while read -r key mask; do',
  '  case $key in SigBlk: | SigIgn:) masks="$masks$key$mask " ;; esac',
  'done </proc/self/status',
];
const allSignals = 'SigBlk:0000000000000000 SigIgn:0000000000000000';

/**
 * Reports the descriptors of a script; one belongs to the listing. It leaves out what this process has inherited: s6 passes that
 * on, this library does not.
 */
const inherited = ['none', ...inheritedDescriptors()].join('|');
const descriptors = `fds=$(echo $(ls /proc/self/fd | grep -vxE '${inherited}'))`;
const noFurther = listingOf(['0', '1', '2']);

// Not the usual umask, so that a change shows.
process.umask(0o027);

conform('surroundings', [
  {
    title: 'run is called ./run, and its argument is the name of the service',
    tree: { 'web/run': sh('say $# $0 $1', 'stay') },
    steps: [until('1 ./run web')],
    trace: ['1 ./run web'],
  },
  {
    title: 'a logger is called NAME/log',
    tree: {
      'web/run': sh('stay'),
      'web/log/run': sh('say $# $0 $1', 'while read -r _; do :; done'),
      'web/log/finish': sh('say $0 $3'),
    },
    steps: [until('1 ./run web/log'), svc('t', 'web/log'), until('1 ./run web/log', 2)],
    trace: ['1 ./run web/log', './finish web/log', '1 ./run web/log', './finish web/log'],
  },
  {
    number: 27,
    title: 'finish is called ./finish; its arguments: exit code, signal, name',
    tree: {
      'web/run': sh('trap "exit 3" USR1', 'say run', 'stay'),
      'web/finish': sh('say $0 $1 $2 $3'),
    },
    steps: [until('run'), svc('1'), until('run', 2), svc('k'), until('run', 3)],
    trace: [
      ...['run', './finish 3 0 web', 'run', './finish 256 9 web'],
      ...['run', './finish 256 15 web'],
    ],
  },
  {
    title: 'the fourth argument of finish is the process group of the dead run',
    tree: {
      'web/run': sh('echo $$ >pid', 'say run', 'stay'),
      'web/finish': sh(
        'read -r pid <pid',
        'if [ "$4" = $pid ]; then say $# its group; else say $#; fi',
      ),
    },
    steps: [until('run'), svc('d'), is('down')],
    s6: ['run', '3'],
    ours: ['run', '4 its group'],
    why: 's6 passes it from 2.13 on.',
  },
  ...[
    { number: 28, code: 125, seen: '125 0' },
    { code: 255, seen: '255 0' },
    { code: 256, seen: '0 0' },
    { code: 0, seen: '0 0' },
  ].map(({ code, seen, ...common }) => ({
    ...common,
    title: `run exits ${code}: finish gets ${seen}, and run is restarted`,
    tree: {
      'web/run': sh('count starts', 'say run', `if [ $count = 1 ]; then exit ${code}; fi`, 'stay'),
      'web/finish': finish,
    },
    steps: [until('run', 2)],
    trace: ['run', `finish ${seen}`, 'run', 'finish 256 15'],
  })),
  {
    number: 14,
    title: 'the working directory of each script is its service directory',
    tree: {
      'web/run': sh('say web: run in "${PWD#*/services.d/}"', 'stay'),
      'web/finish': sh('say web: finish in "${PWD#*/services.d/}"'),
      'web/log/run': sh('say log: run in "${PWD#*/services.d/}"', 'stay'),
      'web/log/finish': sh('say log: finish in "${PWD#*/services.d/}"'),
    },
    steps: [until('web: run in web'), until('log: run in web/log'), svc('d'), svc('d', 'web/log')],
    trace: {
      web: ['run in web', 'finish in web'],
      log: ['run in web/log', 'finish in web/log'],
    },
  },
  {
    title: 'each script leads a session and a process group of its own',
    tree: {
      'web/run': sh(...session, 'say run: $own', 'stay'),
      'web/finish': sh(...session, 'say finish: $own'),
    },
    steps: [until('run: its own session')],
    trace: ['run: its own session', 'finish: its own session'],
  },
  {
    title: 'nosetsid has no effect',
    tree: { 'web/run': sh(...session, 'say run: $own', 'stay'), 'web/nosetsid': '' },
    steps: [until('run: its own session')],
    trace: ['run: its own session'],
  },
  {
    title: 'a script has no descriptor but 0, 1 and 2',
    tree: {
      'web/run': sh(descriptors, 'say run: $fds', 'stay'),
      'web/finish': sh(descriptors, 'say finish: $fds'),
    },
    steps: [until(`run: ${noFurther}`)],
    trace: [`run: ${noFurther}`, `finish: ${noFurther}`],
  },
  {
    title: 'the two sides of a log pipe have no descriptor but 0, 1 and 2',
    tree: {
      'web/run': sh(descriptors, 'say web: $fds', 'stay'),
      'web/log/run': sh(descriptors, 'say log: $fds', 'stay'),
    },
    steps: [until(`web: ${noFurther}`), until(`log: ${noFurther}`), svc('d', 'web/log')],
    trace: { web: [noFurther], log: [noFurther] },
  },
  {
    title: 'stdin is empty',
    tree: {
      'web/run': sh('read -r line || say run: nothing to read', 'say run', 'stay'),
      'web/finish': sh('read -r line || say finish: nothing to read'),
    },
    steps: [until('run')],
    trace: ['run: nothing to read', 'run', 'finish: nothing to read'],
  },
  {
    title: 'no signal is blocked or ignored, including SIGPIPE',
    tree: {
      'web/run': sh(...signals, 'say run: $masks', 'stay'),
      'web/finish': sh(...signals, 'say finish: $masks'),
    },
    steps: [until(`run: ${allSignals}`)],
    trace: [`run: ${allSignals}`, `finish: ${allSignals}`],
  },
  {
    title: 'the umask is inherited',
    tree: { 'web/run': sh('say $(umask)', 'stay'), 'web/finish': sh('say $(umask)') },
    steps: [until('0027')],
    trace: ['0027', '0027'],
  },
  {
    title: 'the environment is inherited; this library adds the path of its runtime directory',
    tree: {
      'web/run': sh(
        'say $(env | sed -n "s/^\\(STAGEKEEPER[^=]*\\)=.*/\\1/p; s/^NEVER=.*/NEVER/p" | sort)',
        'say run',
        'stay',
      ),
      'web/finish': sh('say $(env | grep -c "^NEVER=")'),
    },
    steps: [until('run'), svc('d'), is('down')],
    s6: ['NEVER', 'run', '1'],
    ours: ['NEVER STAGEKEEPER_RUNTIME', 'run', '1'],
    why: 'Scripts find the container environment there, and it marks the processes of this library. PATH has its programs first.',
  },
  {
    title: 'env/ and data/ are not interpreted',
    tree: {
      'web/run': sh('say FOO is "<$FOO>"', 'stay'),
      'web/env/FOO': 'bar',
      'web/data/check': sh('say checked'),
    },
    steps: [until('FOO is <>')],
    trace: ['FOO is <>'],
  },
  {
    title: 'the files of s6-rc are not interpreted',
    tree: {
      'web/run': run,
      'web/type': 'oneshot',
      'web/timeout-up': '1',
      'web/timeout-down': '1',
      'web/dependencies.d/database': '',
      'web/up': sh('say up'),
      'web/finish': finish,
    },
    steps: [until('run')],
    trace: ['run', 'finish 256 15'],
  },
]);

/** The output of `ls` with these descriptors open: these, and the lowest free one. */
function listingOf(open: readonly string[]): string {
  let free = 0;
  while (open.includes(String(free))) free += 1;
  return [...open, String(free)].toSorted().join(' ');
}
