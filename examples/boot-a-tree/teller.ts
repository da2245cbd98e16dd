import { styleText } from 'node:util';
import type { LifecycleEvent } from 'stagekeeper';

type Color = 'gray' | 'green' | 'yellow' | 'red' | 'cyan' | 'magenta' | 'white';

/** Writes each event as a line: seconds since the first event, the subject, and the change. */
export function teller(out: NodeJS.WriteStream): (event: LifecycleEvent) => void {
  let start: number | undefined;
  return (event) => {
    start ??= event.at;
    const seconds = ((event.at - start) / 1000).toFixed(3).padStart(7);
    const [color, who, what] = sentence(event);
    const text = `${who.padEnd(18)} ${what}`;
    out.write(`${seconds}  ${out.isTTY ? styleText(color, text) : text}\n`);
  };
}

function sentence(event: LifecycleEvent): [Color, string, string] {
  switch (event.type) {
    case 'phase':
      return ['magenta', 'supervisor', `${event.from} → ${event.to}`];
    case 'stage':
      return ['cyan', `stage ${event.stage}`, event.status];
    case 'script':
      return ['white', event.script, `${event.status}${ending(event.exit)}`];
    case 'service':
      return [
        event.to === 'up' ? 'green' : 'yellow',
        event.service,
        `${event.from} → ${event.to}${ending(event.exit)} (${event.cause})`,
      ];
    case 'ready':
      return ['green', event.service, `ready after ${event.duration.toFixed(0)} ms`];
    case 'output':
      return ['gray', event.source, `| ${event.line}`];
    case 'tree':
      return ['cyan', 'services.d', `+${event.added.join(' ')} -${event.removed.join(' ')}`];
    case 'problem':
      return ['red', 'problem', `${event.problem.path}: ${event.problem.message}`];
  }
}

function ending(exit: { code: number | null; signal: string | null } | undefined): string {
  if (exit === undefined) return '';
  return exit.signal === null ? `, exit code ${String(exit.code)}` : `, ended by ${exit.signal}`;
}
