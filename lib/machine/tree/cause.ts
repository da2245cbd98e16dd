import type { LifecycleInput } from '../service/service-state.ts';
import type { MachineInput } from './tree-state.ts';
import { reaches } from './tree-state.ts';
import type { Cause } from '../../model/event.ts';

/** The cause of the events that an input leads to, unless a rule gives another. */
export function causeOf(input: MachineInput): Cause {
  switch (input.type) {
    case 'advance':
      return reaches(input.target, 'stopped') ? 'shutdown' : 'stage';
    case 'command':
      return 'start';
    case 'signal':
      return 'stop';
    case 'end':
    case 'shorten':
      return 'shutdown';
    case 'problem':
      return 'stage';
    case 'service':
      return causes[input.input.type];
    case 'script':
      return input.input.type;
    case 'reread':
    case 'refreshSpec':
    case 'specChanged':
      return 'rescan';
    case 'copied':
    case 'prepared':
    case 'swept':
    case 'cleared':
      return 'stage';
    case 'deadline':
      return 'deadline';
  }
}

const causes: Readonly<Record<LifecycleInput['type'], Cause>> = {
  start: 'start',
  once: 'once',
  stop: 'stop',
  restart: 'restart',
  drain: 'shutdown',
  signal: 'stop',
  shorten: 'shutdown',
  forget: 'stage',
  spawned: 'spawned',
  unspawnable: 'unspawnable',
  announced: 'announced',
  exited: 'exited',
  deadline: 'deadline',
};
