/*
 * Unusual trees: what counts as a service, and scripts that cannot be executed directly.
 */
import {
  aSecondLater,
  finish,
  is,
  mortal,
  remove,
  rescan,
  run,
  sh,
  svc,
  until,
  witness,
  write,
} from './case.ts';
import { conform } from './conform.ts';
import type { TreeFiles } from '../../lib/testing/index.ts';

const named = sh('say $1 runs in "${PWD##*/services.d/}"', 'stay');

/** A service that is down until a command starts it, and then changes its neighbours. */
function mover(...commands: readonly string[]): TreeFiles {
  return { 'mover/down': '', 'mover/run': sh(...commands, 'say mover: has moved') };
}

const moved = { mover: ['has moved'], 'a second later': [''] };

conform('odd trees', [
  {
    number: 19,
    title: 'a file in services.d is no service',
    tree: { 'README.md': 'nothing', 'web/run': run },
    steps: [until('run')],
    trace: ['run'],
  },
  {
    number: 20,
    title: "a link to a folder is a service with the link's name, which runs in the folder",
    tree: {
      '.real/run': sh('say $1 runs in "$(basename "$(pwd -P)")"', 'stay'),
      '.real/finish': sh('say $3 finishes'),
      web: { link: '.real' },
    },
    steps: [until('web runs in .real')],
    trace: ['web runs in .real', 'web finishes'],
  },
  {
    number: 21,
    title: 'a name with a leading dot is no service, a name with a blank is one',
    tree: { '.web/run': named, 'a b/run': named },
    steps: [until('a b runs in a b')],
    trace: ['a b runs in a b'],
  },
  {
    title: 'a dangling link is no service, and has no effect',
    tree: { gone: { link: 'nowhere' }, 'web/run': run },
    steps: [until('run')],
    trace: ['run'],
  },
  {
    number: 46,
    title: 'two names for one folder: one service under s6, two under this library',
    tree: {
      'web/run': run,
      same: { link: 'web' },
      ...witness,
    },
    steps: [until('run'), ...aSecondLater],
    s6: ['run', 'a second later'],
    ours: ['run', 'run', 'a second later'],
    why: 'A service is a name here, and both names can be used.',
  },
  {
    number: 22,
    title: 'run has mode 0644: not under s6 alone, but it runs under s6-overlay and here',
    tree: { 'web/run': { content: run, mode: 0o644 }, ...witness },
    steps: [...aSecondLater],
    s6: ['a second later'],
    ours: ['run', 'a second later'],
    why: 'Half of the scripts in public trees have this mode; s6-overlay makes them executable.',
  },
  {
    number: 30,
    title:
      'finish has mode 0644: it counts as absent under s6 alone; it runs under s6-overlay and this library',
    tree: { 'web/run': mortal, 'web/finish': { content: finish, mode: 0o644 } },
    steps: [until('run'), svc('1'), until('run', 2)],
    s6: ['run', 'run'],
    ours: ['run', 'finish 3 0', 'run', 'finish 256 15'],
    why: 'Half of the scripts in public trees have this mode; s6-overlay makes them executable.',
  },
  {
    title: 'run names no interpreter: it does not run under s6; sh runs it under this library',
    tree: { 'web/run': run.replace('#!/bin/sh\n', ''), ...witness },
    steps: [...aSecondLater],
    s6: ['a second later'],
    ours: ['run', 'a second later'],
    why: 'As in any shell; it is a warning.',
  },
  {
    title: 'run names an interpreter that does not exist: no finish, and the service stays wanted',
    tree: { 'web/run': '#!/no/such/interpreter\n', 'web/finish': finish, ...witness },
    steps: [...aSecondLater, is('down, wanted')],
    trace: ['a second later'],
  },
  ...[
    { what: 'is empty', files: { 'web/finish': '' } },
    { what: 'is a folder', files: { 'web/finish/file': '' } },
    { what: 'is a dangling link', files: { 'web/finish': { link: 'nowhere' } } },
    { what: 'names an interpreter that does not exist', files: { 'web/finish': '#!/no/such\n' } },
  ].map(({ what, files }) => ({
    number: 30,
    title: `finish ${what}: it counts as absent`,
    tree: { 'web/run': mortal, ...files },
    steps: [until('run'), svc('1'), until('run', 2)],
    trace: ['run', 'run'],
  })),
  {
    title: 'a new service is started by a rescan',
    tree: { 'web/run': run },
    steps: [until('run'), write({ 'new/run': named }), rescan, until('new runs in new')],
    trace: ['run', 'new runs in new'],
  },
  {
    title: 'a removed service is stopped by a rescan',
    tree: {
      'old/run': sh('trap "say old ends; exit" TERM', 'say old runs', 'stay'),
      ...witness,
    },
    steps: [
      ...[until('old runs'), is('up, wanted', 'old')],
      ...[remove('old'), rescan, until('old ends'), ...aSecondLater],
    ],
    trace: ['old runs', 'old ends', 'a second later'],
  },
  {
    title: 'an unchanged service is left alone by a rescan',
    tree: { 'web/run': run, 'web/finish': finish, ...witness },
    steps: [until('run'), rescan, ...aSecondLater],
    trace: ['run', 'a second later', 'finish 256 15'],
  },
  {
    title:
      'a folder that replaces another one is a new service under s6, a changed one under this library',
    tree: {
      'web/run': sh('trap "say old: ends; exit" TERM', 'say old: runs', 'stay'),
      '.new/run': sh('say new: runs', 'stay'),
      ...mover('mv ../web ../.old', 'mv ../.new ../web'),
      ...witness,
    },
    steps: [
      ...[until('old: runs'), svc('o', 'mover'), until('mover: has moved')],
      ...[rescan, ...aSecondLater],
    ],
    s6: { ...moved, old: ['runs', 'ends'], new: ['runs'] },
    ours: { ...moved, old: ['runs', 'ends'] },
    why: 'A service is a name: inodes may change by themselves where a container combines layers.',
  },
  {
    title: 'a folder that is renamed is the same service under s6, another one under this library',
    tree: {
      'web/run': sh('trap "say $1: ends; exit" TERM', 'say $1: runs', 'stay'),
      ...mover('mv ../web ../other'),
      ...witness,
    },
    steps: [
      ...[until('web: runs'), svc('o', 'mover'), until('mover: has moved')],
      ...[rescan, ...aSecondLater],
    ],
    s6: { ...moved, web: ['runs', 'ends'] },
    ours: { ...moved, web: ['runs', 'ends'], other: ['runs', 'ends'] },
    why: 'A service is a name.',
  },
]);
