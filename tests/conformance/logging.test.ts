/*
 * The log pipe, its producer and its logger.
 */
import { aSecondLater, finish, is, mortal, run, sh, svc, until, witness, write } from './case.ts';
import { conform } from './conform.ts';

/** A logger that reports each line that it reads, and the end of its input. */
const logger = sh('while read -r line; do say "log: $line"; done', 'say log: end');
const logFinish = sh('say log: finish $1 $2');

/** A run that prints a line, and another one at USR1. */
const printing = sh('trap "echo more" USR1', 'echo first', 'stay');

conform('logging', [
  {
    number: 54,
    title: 'the logger gets stdout, not stderr',
    tree: {
      'web/run': sh('echo out', 'echo err >&2', 'echo out again', 'stay'),
      'web/log/run': logger,
    },
    steps: [until('log: out again')],
    trace: ['log: out', 'log: out again', 'log: end'],
  },
  {
    number: 48,
    title: 'log is a file: the service runs without a logger',
    tree: { 'web/run': sh('echo hello', 'say run', 'stay'), 'web/log': 'nothing' },
    steps: [until('run')],
    trace: ['run'],
  },
  {
    title: 'log has no run: output waits in the pipe until there is one',
    tree: { 'web/run': sh('echo hello', 'say run', 'stay'), 'web/log/data': '' },
    steps: [
      ...[until('run'), write({ 'web/log/run': logger }), svc('u', 'web/log')],
      until('log: hello'),
    ],
    trace: ['run', 'log: hello', 'log: end'],
  },
  {
    title: 'log in a log is ignored',
    tree: {
      'web/run': printing,
      'web/log/run': logger,
      'web/log/log/run': sh('say log: log', 'stay'),
      ...witness,
    },
    steps: [until('log: first'), ...aSecondLater],
    trace: ['log: first', 'a second later', 'log: end'],
  },
  {
    number: 49,
    title: 'a logger that is killed repeatedly loses no line',
    tree: {
      'web/run': sh('for n in 1 2 3 4 5; do echo line $n; done', 'stay'),
      'web/log/run': sh(
        'n=0',
        'while read -r line; do',
        '  say "$line"',
        '  n=$((n + 1))',
        '  if [ $n = 2 ]; then kill -KILL $$; fi',
        'done',
      ),
      'web/log/finish': logFinish,
    },
    steps: [until('line 5')],
    trace: [
      ...['line 1', 'line 2', 'log: finish 256 9', 'line 3', 'line 4', 'log: finish 256 9'],
      ...['line 5', 'log: finish 0 0'],
    ],
  },
  {
    number: 50,
    title: 'the logger is down: the producer waits when the pipe is full, and no line is lost',
    tree: {
      'web/run': sh(
        'hundred=$(printf "%099d" 0)',
        'n=0',
        'while [ $n -lt 2000 ]; do n=$((n + 1)); echo $hundred; done',
        'say written',
        'stay',
      ),
      'web/log/down': '',
      'web/log/run': sh('say $(wc -c) bytes'),
      ...witness,
    },
    steps: [is('up, wanted'), ...aSecondLater, svc('u', 'web/log'), until('written')],
    trace: ['a second later', 'written', '200000 bytes'],
  },
  {
    number: 51,
    title: 'the producer is restarted: the logger sees no end of its input',
    tree: {
      'web/run': sh('trap "exit 3" USR1', 'echo run', 'stay'),
      'web/log/run': logger,
      'web/log/finish': logFinish,
    },
    steps: [until('log: run'), svc('1'), until('log: run', 2)],
    trace: ['log: run', 'log: run', 'log: end', 'log: finish 0 0'],
  },
  {
    number: 52,
    title:
      'stop: the logger gets no signal; it exits after the producer and its finish, the output of which is logged',
    tree: {
      'web/run': run,
      'web/down': '',
      'web/finish': sh('say finish', 'sleep 0.3', 'echo from finish'),
      'web/log/run': sh(
        'for name in HUP INT TERM CONT; do trap "say log: $name" $name; done',
        'say log',
        'while read -r line; do say "log: $line"; done',
        'say log: end',
      ),
      'web/log/finish': logFinish,
    },
    steps: [until('log'), svc('u'), until('run')],
    trace: ['log', 'run', 'finish', 'log: from finish', 'log: end', 'log: finish 0 0'],
  },
  {
    title: 'the output of finish is logged, also between two runs',
    tree: {
      'web/run': mortal,
      'web/finish': sh('echo from finish $1'),
      'web/log/run': sh('while read -r line; do say "log: $line"; done'),
    },
    steps: [until('run'), svc('1'), until('log: from finish 3'), until('run', 2)],
    trace: ['run', 'log: from finish 3', 'run', 'log: from finish 256'],
  },
  {
    title: 'the logger dies: its finish runs, it is restarted, and the producer is not disturbed',
    tree: {
      'web/run': printing,
      'web/finish': finish,
      'web/log/run': sh('say log', 'while read -r line; do say "log: $line"; done'),
      'web/log/finish': logFinish,
    },
    steps: [
      ...[until('log: first'), svc('k', 'web/log'), until('log', 2)],
      ...[svc('1'), until('log: more')],
    ],
    trace: [
      ...['log', 'log: first', 'log: finish 256 9', 'log', 'log: more'],
      ...['finish 256 15', 'log: finish 0 0'],
    ],
  },
  {
    title:
      'the finish of the logger exits 125: it stays down, and the output waits for the next logger',
    tree: {
      'web/run': printing,
      'web/log/run': sh('while read -r line; do say "log: $line"; done'),
      'web/log/finish': sh('say log: finish $1 $2', 'exit 125'),
      ...witness,
    },
    steps: [
      ...[until('log: first'), svc('k', 'web/log'), is('down', 'web/log')],
      ...[svc('1'), ...aSecondLater, svc('u', 'web/log'), until('log: more')],
    ],
    trace: [
      ...['log: first', 'log: finish 256 9', 'a second later', 'log: more', 'log: finish 0 0'],
    ],
  },
  {
    title: 'stop, and the logger waits for its restart: this library reads the rest',
    tree: {
      'web/run': sh('echo $$ >pid', 'trap "echo more; say more" USR1', 'echo first', 'stay'),
      // It reads one line, and no other while the producer is alive.
      'web/log/run': sh(
        'if [ -e died ] && lives "$(cat ../pid)"; then exit; fi',
        'while read -r line; do',
        '  say "log: $line"',
        '  if [ ! -e died ]; then : >died && exit; fi',
        'done',
      ),
    },
    steps: [until('log: first'), is('down, wanted', 'web/log'), svc('1'), until('more')],
    s6: ['log: first', 'more'],
    ours: ['log: first', 'more', 'log: more'],
    why: 'Nothing in the pipe is lost.',
  },
  {
    number: 39,
    title: 'the producer has a down file: its logger is started',
    tree: {
      'web/run': printing,
      'web/down': '',
      'web/log/run': sh('say log', 'while read -r line; do say "log: $line"; done'),
    },
    steps: [until('log'), is('down'), svc('u'), until('log: first')],
    trace: ['log', 'log: first'],
  },
  {
    title: 'the logger has a down file: the producer is started',
    tree: { 'web/run': run, 'web/log/down': '', 'web/log/run': logger },
    steps: [until('run'), is('down', 'web/log')],
    trace: ['run'],
  },
  {
    title: 'd on the producer leaves its logger up',
    tree: { 'web/run': printing, 'web/log/run': logger },
    steps: [
      ...[until('log: first'), svc('d'), is('down'), is('up, wanted', 'web/log')],
      ...[svc('u'), until('log: first', 2)],
    ],
    trace: ['log: first', 'log: first', 'log: end'],
  },
  {
    title: 'd on the logger sends TERM; after u it continues to read',
    tree: { 'web/run': printing, 'web/log/run': logger, 'web/log/finish': logFinish },
    steps: [
      ...[until('log: first'), svc('d', 'web/log'), is('down', 'web/log'), is('up, wanted')],
      ...[svc('1'), svc('u', 'web/log'), until('log: more')],
    ],
    trace: ['log: first', 'log: finish 256 15', 'log: more', 'log: end', 'log: finish 0 0'],
  },
  {
    title: 'the output of a child after the death of the producer is logged',
    tree: {
      'web/run': sh(
        'count starts',
        'if [ $count = 1 ]; then (sleep 0.3; echo from its child) & exit; fi',
        'stay',
      ),
      'web/log/run': logger,
    },
    steps: [until('log: from its child')],
    trace: ['log: from its child', 'log: end'],
  },
  {
    number: 53,
    title: 'stop, and a child holds stdout: s6 waits for it, this library ends it',
    tree: {
      'web/run': sh('(sleep 1; echo from its child) &', 'say run', 'stay'),
      'web/log/run': logger,
    },
    steps: [until('run'), is('up, wanted', 'web/log')],
    s6: ['run', 'log: from its child', 'log: end'],
    ours: ['run', 'log: end'],
    why: 'No process that a service has left behind survives the stop.',
  },
  {
    number: 55,
    title: 's6-log as the logger keeps whole lines; an incomplete one is lost at the end',
    tree: {
      'web/run': sh('echo whole', 'printf rest', 'say run', 'stay'),
      'web/log/run': '#!/bin/sh\nexec s6-log -b n3 ./kept\n',
      'web/log/finish': sh(
        'while read -r line || [ -n "$line" ]; do say "log: $line"; done <kept/current',
      ),
    },
    steps: [until('run'), is('up, wanted', 'web/log')],
    trace: ['run', 'log: whole'],
  },
]);
