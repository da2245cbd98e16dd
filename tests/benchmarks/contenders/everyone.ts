import type { Contender } from './contender.ts';
import { floor } from './floor.ts';
import { naive, native, stagekeeper } from './guest.ts';
import { pm2 } from './pm2.ts';
import { runit } from './runit.ts';
import { s6 } from './s6.ts';
import { supervisord } from './supervisord.ts';

/** All contenders, in the order in which they take turns and stand in tables. */
export const everyone: readonly Contender[] = [
  stagekeeper,
  native,
  naive,
  floor,
  s6,
  runit,
  supervisord,
  pm2,
];
