import type { Figure } from './figure.ts';
import { ask } from './figures/ask.ts';
import { fatHost } from './figures/fat-host.ts';
import { idle } from './figures/idle.ts';
import { importing } from './figures/import.ts';
import { load } from './figures/load.ts';
import { log } from './figures/log.ts';
import { restart } from './figures/restart.ts';
import { size } from './figures/size.ts';
import { start } from './figures/start.ts';
import { stop } from './figures/stop.ts';
import { storm } from './figures/storm.ts';
import { testKit } from './figures/test-kit.ts';

/** All figures, in the order in which they are measured: those that take seconds before those that take minutes. */
export const figures: readonly Figure[] = [
  importing,
  load,
  testKit,
  ask,
  log,
  start,
  stop,
  restart,
  size,
  idle,
  fatHost,
  storm,
];
