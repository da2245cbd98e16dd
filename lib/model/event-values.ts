import type {
  Cause,
  LifecycleEvent,
  Phase,
  ServiceStatus,
  StageName,
  StageStatus,
} from './event.ts';

// The closed sets of values that events have, for checks at run time. The compiler keeps them complete.

/** The types of event. */
export const eventTypes = namesOf<LifecycleEvent['type']>({
  phase: true,
  stage: true,
  script: true,
  service: true,
  ready: true,
  output: true,
  tree: true,
  problem: true,
});

/** The phases of the supervisor. */
export const phases = namesOf<Phase>({
  loaded: true,
  initializing: true,
  starting: true,
  running: true,
  stopping: true,
  finishing: true,
  ended: true,
});

/** The names of the stages. */
export const stageNames = namesOf<StageName>({ init: true, services: true, finish: true });

/** The statuses of a stage that an event reports. */
export const stageStatuses = namesOf<Exclude<StageStatus, 'pending'>>({
  started: true,
  completed: true,
  failed: true,
});

/** The statuses of a service. */
export const serviceStatuses = namesOf<ServiceStatus>({
  down: true,
  starting: true,
  up: true,
  stopping: true,
  finishing: true,
  backoff: true,
  failed: true,
});

/** The causes of events. */
export const causes = namesOf<Cause>({
  start: true,
  once: true,
  stop: true,
  restart: true,
  stage: true,
  shutdown: true,
  rescan: true,
  spawned: true,
  unspawnable: true,
  announced: true,
  exited: true,
  printed: true,
  deadline: true,
});

/** Other words for the status of a service, as other supervisors have them. */
const otherWords: Readonly<Record<string, ServiceStatus>> = {
  alive: 'up',
  active: 'up',
  running: 'up',
  started: 'up',
  stopped: 'down',
  inactive: 'down',
  exited: 'down',
  ended: 'down',
  dead: 'down',
  crashed: 'failed',
  fatal: 'failed',
  restarting: 'backoff',
};

/** The status that another word means; `undefined` for any other value. */
export function statusMeantBy(word: unknown): ServiceStatus | undefined {
  if (typeof word !== 'string' || !Object.hasOwn(otherWords, word.toLowerCase())) return undefined;
  return otherWords[word.toLowerCase()];
}

function namesOf<Name extends string>(names: Readonly<Record<Name, true>>): readonly Name[] {
  return Object.keys(names) as Name[];
}
