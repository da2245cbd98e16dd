import { relative } from 'node:path';
import { inspect } from 'node:util';
import type { Change, LifecycleEvent } from '../../model/event.ts';
import type { Exit } from '../../model/exit.ts';
import type { Supervisor } from '../../supervisor/supervisor.ts';
import { VirtualClock } from '../time/virtual-clock.ts';

/** What has happened, one line per event. */
export interface Transcript {
  /** One line per event so far. */
  readonly lines: readonly string[];
  /** The lines as one text, each with a newline: a snapshot. */
  toString(): string;
  /** What `JSON.stringify(transcript)` writes: the lines. */
  toJSON(): readonly string[];
}

/** How a transcript is written. */
export interface TranscriptOptions {
  /**
   * Whether each line begins with its moment, in milliseconds since the transcript began. Without times, durations and the texts
   * of problems are left out too, since they differ between runs. Default: true when the supervisor's clock is virtual, else
   * false.
   */
  readonly times?: boolean;
}

/**
 * Writes a line for every event of a supervisor from now on: the time, the subject, the change, and in brackets its cause.
 *
 * The same events give the same lines, so that a test can compare them with a snapshot: pids are left out, and paths are
 * relative to the tree's root.
 */
export function transcript(supervisor: Supervisor, options: TranscriptOptions = {}): Transcript {
  const { times = supervisor.clock instanceof VirtualClock } = options;
  const { clock } = supervisor;
  const start = clock.timeOfDay?.(clock.now()) ?? clock.now();
  const events: LifecycleEvent[] = [];
  supervisor.on('event', (event) => events.push(event));
  const line = (event: LifecycleEvent): string => {
    const words = eventInWords(event, { times, root: supervisor.tree.root });
    return times ? timedLine(event.at - start, words) : words;
  };
  const lines = (): readonly string[] => events.map(line);
  const text = (): string => events.map((event) => `${line(event)}\n`).join('');
  const written = {
    get lines() {
      return lines();
    },
    toString: text,
    toJSON: lines,
    [inspect.custom]: text,
  };
  return written;
}

/** A line that begins with its moment. */
export function timedLine(at: number, words: string): string {
  return `${String(Math.round(at)).padStart(timeWidth)}  ${words}`;
}

/** Wide enough for a quarter of an hour; later moments are wider. */
const timeWidth = 6;

interface Wording {
  /** Whether to write durations and the texts of problems. */
  readonly times: boolean;
  /** The folder that paths are relative to. */
  readonly root?: string | undefined;
}

/** A change as one line: its subject, the change, and in brackets its cause. */
export function eventInWords(change: Change, wording: Wording = { times: true }): string {
  return `${changeInWords(change, wording)} (${change.cause})`;
}

function changeInWords(change: Change, wording: Wording): string {
  switch (change.type) {
    case 'phase':
      return `supervisor: ${change.from} → ${change.to}`;
    case 'stage':
      return `stage ${change.stage}: ${change.status}`;
    case 'script': {
      const took = wording.times ? after(change.duration) : '';
      return `${change.script}: ${change.status}${exitInWords(change.exit)}${took}`;
    }
    case 'service':
      return `${change.service}: ${change.from} → ${change.to}${exitInWords(change.exit)}`;
    case 'ready':
      return `${change.service}: ready${wording.times ? after(change.duration) : ''}`;
    case 'output': {
      const where = change.stream === 'stderr' ? ' on stderr' : '';
      return `${change.source}: printed '${change.line}'${where}`;
    }
    case 'tree':
      return `services.d:${listed('+', change.added)}${listed('-', change.removed)}${listed('~', change.changed)}`;
    case 'problem':
      return problemInWords(change.problem, wording);
  }
}

function problemInWords(
  { code, path, message }: Extract<Change, { type: 'problem' }>['problem'],
  { times, root }: Wording,
): string {
  const shownPath = root === undefined || !path.startsWith('/') ? path : relative(root, path);
  if (!times) return `problem ${code}: ${shownPath}`;
  const text = root === undefined ? message : message.replaceAll(`${root}/`, '');
  return `problem ${code}: ${shownPath}: ${text}`;
}

function exitInWords(exit: Exit | undefined): string {
  return exit === undefined ? '' : `, ${exit.signal ?? `code ${String(exit.code)}`}`;
}

function after(duration: number | undefined): string {
  return duration === undefined ? '' : ` after ${String(Math.round(duration))} ms`;
}

function listed(mark: string, names: readonly string[]): string {
  return names.map((name) => ` ${mark}${name}`).join('');
}
