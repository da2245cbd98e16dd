import { setImmediate as turn } from 'node:timers/promises';
import { Supervisor } from '../lib/index.ts';
import type { LifecycleEvent, Spawner, SupervisorOptions, TreeInput } from '../lib/index.ts';
import { FakeSpawner, VirtualClock } from '../lib/testing/index.ts';

/** A supervisor in virtual time, with fake processes, and everything that it has told. */
export interface Life {
  readonly supervisor: Supervisor;
  readonly clock: VirtualClock;
  readonly spawner: FakeSpawner;
  readonly events: readonly LifecycleEvent[];
  /** The events in short: `web up`, `init1 exited`, `running`, `init completed`. */
  told(): readonly string[];
  /** Lets time pass, with all that happens in it. */
  pass(ms?: number): Promise<void>;
}

/** A life in virtual time for a tree made in code. `through`: what stands between the supervisor and the fake processes. */
export function live(
  tree: TreeInput,
  options: SupervisorOptions = {},
  through: (spawner: FakeSpawner, clock: VirtualClock) => Spawner = (spawner) => spawner,
): Life {
  const clock = new VirtualClock();
  const spawner = new FakeSpawner(clock);
  const supervisor = new Supervisor(tree, { clock, spawner: through(spawner, clock), ...options });
  const events: LifecycleEvent[] = [];
  supervisor.on('event', (event) => events.push(event));
  return {
    supervisor,
    clock,
    spawner,
    events,
    told: () => events.map(short),
    async pass(ms = 0) {
      await turn();
      clock.advance(ms);
      await turn();
      clock.advance(0);
      await turn();
    },
  };
}

function short(event: LifecycleEvent): string {
  switch (event.type) {
    case 'phase':
      return event.to;
    case 'stage':
      return `${event.stage} ${event.status}`;
    case 'script':
      return `${event.script} ${event.status}`;
    case 'service':
      return `${event.service} ${event.to}`;
    case 'ready':
      return `${event.service} ready`;
    case 'output':
      return `${event.source} printed ${event.line}`;
    case 'tree':
      return 'tree read';
    case 'problem':
      return `problem ${event.problem.code}`;
  }
}
