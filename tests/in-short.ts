import type { LifecycleEvent } from '../lib/index.ts';

/** Events in short form: `web up`, `init1 exited`, `running`, `init completed`. */
export function inShort(events: readonly LifecycleEvent[]): readonly string[] {
  return events.map(short);
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
