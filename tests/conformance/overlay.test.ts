/*
 * The stages around the services, which s6 by itself does not have: what s6-overlay does with them.
 */
import type { Case } from './case.ts';
import { finish, run, sh, until } from './case.ts';
import { conform } from './conform.ts';

const saying = (word: string): string => sh(`say ${word}`);

const web: Case['tree'] = { 'web/run': run, 'web/finish': finish };

conform('init and finish scripts', [
  {
    number: 1,
    title: 'init scripts run in byte order',
    tree: web,
    stages: Object.fromEntries(
      ['a', 'B', '10-a', 'é', '2-b', '_x'].map((name) => [`cont-init.d/${name}`, saying(name)]),
    ),
    steps: [until('run')],
    ours: ['10-a', '2-b', 'B', '_x', 'a', 'é', 'run', 'finish 256 15'],
    seen: 's6-overlay 2.2.0.3',
  },
  {
    number: 2,
    title: 'names with a dot before them do not run, backup copies do',
    tree: web,
    stages: {
      'cont-init.d/.x': saying('.x'),
      'cont-init.d/foo~': saying('foo~'),
      'cont-init.d/foo.bak': saying('foo.bak'),
    },
    steps: [until('run')],
    ours: ['foo.bak', 'foo~', 'run', 'finish 256 15'],
    seen: 's6-overlay 2.2.0.3',
  },
  {
    number: 3,
    title: 'an init script of mode 0644 runs',
    tree: web,
    stages: { 'cont-init.d/10': { content: saying('10'), mode: 0o644 } },
    steps: [until('run')],
    ours: ['10', 'run', 'finish 256 15'],
    seen: 's6-overlay 1.21.2.2 and 2.2.0.3',
  },
  {
    number: 5,
    title: 'a dangling link and a folder among the init scripts: the others run',
    tree: web,
    stages: {
      'cont-init.d/10': { link: 'nowhere' },
      'cont-init.d/20/30': saying('30'),
      'cont-init.d/40': saying('40'),
    },
    steps: [until('run')],
    ours: ['40', 'run', 'finish 256 15'],
    seen: 's6-overlay 2.2.0.3',
  },
  {
    number: 6,
    title: 'an init script that names no interpreter runs as shell',
    tree: web,
    stages: { 'cont-init.d/10': saying('10').replace('#!/bin/sh\n', '') },
    steps: [until('run')],
    ours: ['10', 'run', 'finish 256 15'],
    seen: 's6-overlay 3.1.6.2',
  },
  {
    number: 7,
    title: 'an init script fails: the others and the services run',
    tree: web,
    stages: { 'cont-init.d/10': sh('say 10', 'exit 42'), 'cont-init.d/20': saying('20') },
    steps: [until('run')],
    ours: ['10', '20', 'run', 'finish 256 15'],
    seen: 's6-overlay 1.21.2.2 and 2.2.0.3',
  },
  {
    number: 15,
    title: 'the stdin of an init script is at its end',
    tree: web,
    stages: { 'cont-init.d/10': sh('read -r _ || say nothing to read') },
    steps: [until('run')],
    ours: ['nothing to read', 'run', 'finish 256 15'],
    seen: 's6-overlay 1.21.2.2',
  },
  {
    number: 65,
    title: 'finish scripts run after all services, their finish scripts and loggers have ended',
    tree: {
      'web/run': sh('say run', 'stay'),
      'web/finish': sh('sleep 0.5', 'say finish', 'echo last words'),
      'web/log/run': sh(
        'while read -r line; do say "log: $line"; done',
        'sleep 0.5',
        'say log: end',
      ),
    },
    stages: { 'cont-finish.d/10': saying('10'), 'cont-finish.d/20': saying('20') },
    steps: [until('run')],
    ours: ['run', 'finish', 'log: last words', 'log: end', '10', '20'],
    seen: 's6-overlay 2.2.0.3, on a signal',
  },
  {
    number: 74,
    title:
      'a variable that an init script leaves is seen by what comes later, without its final newline',
    tree: { 'web/run': sh('say "<$LEFT>"', 'stay').replace('/bin/sh', '/usr/bin/with-contenv sh') },
    stages: {
      'cont-init.d/10': sh('echo value >"$STAGEKEEPER_RUNTIME/container_environment/LEFT"'),
    },
    steps: [until('<value>')],
    ours: ['<value>'],
    seen: 's6-overlay 3.2.3.0',
  },
]);
