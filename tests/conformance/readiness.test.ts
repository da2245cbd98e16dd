/*
 * Readiness: a newline on the descriptor that notification-fd names.
 */
import {
  aSecondLater,
  finish,
  is,
  marking,
  run,
  sh,
  svc,
  until,
  untilOneOf,
  witness,
  write,
} from './case.ts';
import { conform } from './conform.ts';

/** A run that announces its readiness at USR1. */
const announcing = sh('trap "echo >&3" USR1', 'say run', 'stay');

conform('readiness', [
  {
    number: 40,
    title: 'a service is ready after a newline, and not before',
    tree: { 'web/run': announcing, 'web/notification-fd': '3\n', ...witness },
    steps: [
      ...[until('run'), ...aSecondLater, is('up, wanted')],
      ...[svc('1'), is('up, wanted, ready')],
    ],
    trace: ['run', 'a second later'],
  },
  {
    number: 40,
    title: 'text without a newline: the service is not ready until the newline',
    tree: {
      // s6 2.11 processes nothing else until there is more to read, so the script itself has to continue.
      'web/run': sh(
        'printf "not yet" >&3',
        'say run',
        'until [ -e go ]; do sleep 0.1; done',
        'echo >&3',
        'stay',
      ),
      'web/notification-fd': '3',
      ...witness,
    },
    steps: [
      ...[until('run'), ...aSecondLater, is('up, wanted')],
      ...[write({ 'web/go': '' }), is('up, wanted, ready')],
    ],
    trace: ['run', 'a second later'],
  },
  {
    number: 40,
    title: 'closed without a newline: the service stays up, and is not ready',
    tree: {
      'web/run': sh('exec 3>&-', 'say run', 'stay'),
      'web/notification-fd': '3',
      'web/finish': finish,
      ...witness,
    },
    steps: [until('run'), ...aSecondLater, is('up, wanted')],
    trace: ['run', 'a second later', 'finish 256 15'],
  },
  {
    title: 'several newlines at once: the service is ready',
    tree: {
      'web/run': sh('printf "a\\nb\\n\\n" >&3', 'exec 3>&-', 'say run', 'stay'),
      'web/notification-fd': '3',
      'web/finish': finish,
    },
    steps: [until('run'), is('up, wanted, ready')],
    trace: ['run', 'finish 256 15'],
  },
  {
    number: 41,
    title: 'output after the newline: it kills the process under s6, and has no effect here',
    tree: {
      'web/run': sh(
        'count starts',
        'if [ $count = 1 ]; then trap "echo again >&3; say has written again" USR1; say run; fi',
        'echo >&3',
        'stay',
      ),
      'web/notification-fd': '3',
      'web/finish': finish,
      ...witness,
    },
    steps: [
      ...[until('run'), is('up, wanted, ready'), svc('1')],
      ...[untilOneOf('finish 256 13', 'has written again'), ...aSecondLater],
      is('up, wanted, ready'),
    ],
    s6: ['run', 'finish 256 13', 'a second later', 'finish 256 15'],
    ours: ['run', 'has written again', 'a second later', 'finish 256 15'],
    why: 'Bytes after the newline are read and dropped, so that no process dies of SIGPIPE.',
  },
  {
    number: 42,
    title: 'notification-fd is not a number: the service starts, and announces nothing',
    tree: { 'web/run': run, 'web/notification-fd': 'foo', ...witness },
    steps: [until('run'), ...aSecondLater, is('up, wanted')],
    trace: ['run', 'a second later'],
  },
  {
    title: 'readiness ends with the run: each run announces its own',
    tree: { 'web/run': announcing, 'web/notification-fd': '3' },
    steps: [
      ...[until('run'), svc('1'), is('up, wanted, ready')],
      ...[svc('k'), until('run', 2), is('up, wanted')],
      ...[svc('1'), is('up, wanted, ready')],
    ],
    trace: ['run', 'run'],
  },
  {
    title:
      'readiness during a stop, more than a second before the exit: wanted again, the service restarts at once',
    tree: {
      'web/run': sh(
        'count starts',
        'if [ $count = 1 ]; then trap "exit 3" USR1; trap "echo >&3; say term" TERM; fi',
        'if [ -e moment ]; then ago; say back $ago; fi',
        'say run',
        'stay',
      ),
      'web/finish': marking,
      'web/notification-fd': '3',
      ...witness,
    },
    steps: [
      ...[until('run'), svc('d'), until('term'), svc('u'), ...aSecondLater],
      ...[svc('1'), until('run', 2)],
    ],
    trace: ['run', 'term', 'a second later', 'finish 3 0', 'back at once', 'run', 'finish 256 15'],
  },
  {
    title: 'a high descriptor number',
    tree: {
      'web/run': '#!/bin/bash\n. "$WORDS"\necho >&500\nsay run\nstay\n',
      'web/notification-fd': '500',
    },
    steps: [until('run'), is('up, wanted, ready')],
    trace: ['run'],
  },
  {
    title: 'notification-fd 1 replaces stdout',
    tree: { 'web/run': sh('echo hello', 'say run', 'stay'), 'web/notification-fd': '1' },
    steps: [until('run'), is('up, wanted, ready')],
    trace: ['run'],
  },
  {
    title: 'a logger can announce its readiness too',
    tree: {
      'web/run': sh('stay'),
      'web/log/run': sh('echo >&3', 'say log', 'while read -r _; do :; done'),
      'web/log/notification-fd': '3',
    },
    steps: [until('log'), is('up, wanted, ready', 'web/log'), is('up, wanted')],
    trace: ['log'],
  },
  {
    title: 's6-notifyoncheck calls data/check until it succeeds',
    tree: {
      'web/run': '#!/bin/sh\nexec s6-notifyoncheck -w 100 -n 0 ./program\n',
      'web/program': sh('say run', 'stay'),
      'web/data/check': sh('[ -e go ] && say content'),
      'web/notification-fd': '3',
      'web/finish': finish,
      ...witness,
    },
    steps: [
      ...[until('run'), ...aSecondLater, is('up, wanted')],
      ...[write({ 'web/go': '' }), is('up, wanted, ready'), until('content')],
    ],
    trace: ['run', 'a second later', 'content', 'finish 256 15'],
  },
]);
