import type { Socket } from 'node:net';
import type { Descriptors, End } from '../os/descriptor.ts';
import { SpawnDescriptors } from '../os/descriptor.ts';
import type { HostLine, HostStreams } from '../pipes/host-streams.ts';
import type { ReadPipeSource, ReadPipes } from '../pipes/read-pipes.ts';
import type { ChildEnd, LogPipe } from '../pipes/log-pipe.ts';
import type { LogPipes } from '../pipes/log-pipes.ts';
import type { Started } from './start-process.ts';
import type { Command } from '../../model/program.ts';

/** What a descriptor of a child is connected to. */
type StdioKind =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'host'; readonly line: HostLine }
  | { readonly kind: 'pipe'; readonly pipe: LogPipe; readonly end: End }
  | { readonly kind: 'inlet' };

/** The descriptors of a child for its spawn. */
interface Connection {
  readonly descriptors: Descriptors;
  /** To be closed once the child has them. */
  readonly temporary: SpawnDescriptors;
  /** The streams that the host reads; sockets that are made with the child are added by `streamsOf`. */
  readonly streams: Map<number, Socket>;
}

/** The sources of descriptors. */
export interface StdioSource {
  readonly pipes: LogPipes;
  readonly readPipes: ReadPipes;
  readonly host: HostStreams;
}

/** The descriptors of one child: what they are connected to, and what must exist before the spawn. */
export class Stdio {
  readonly #readPipes: ReadPipes;
  readonly #targets: readonly StdioKind[];
  readonly #sources = new Map<number, ReadPipeSource>();
  readonly #readerGone: (end: ChildEnd) => void;
  #isOver = false;

  constructor(command: Command, { pipes, readPipes, host }: StdioSource) {
    this.#readPipes = readPipes;
    this.#targets = stdioKindsOf(command, pipes, host);
    const input = this.#targets[0];
    const reads = input?.kind === 'pipe' && !isFinish(command);
    this.#readerGone = reads ? input.pipe.addReader() : () => undefined;
  }

  /** The log pipes that the child gets an end of. */
  get pipes(): ReadonlySet<LogPipe> {
    return new Set(
      this.#targets.flatMap((target) => (target.kind === 'pipe' ? [target.pipe] : [])),
    );
  }

  /**
   * What must still be made; `undefined` when everything exists. Rejects with the system's error when a log pipe cannot be
   * made.
   */
  missing(): Promise<unknown> | undefined {
    const promises: Promise<unknown>[] = [];
    for (const [descriptor, target] of this.#targets.entries()) {
      if (target.kind === 'pipe' && !target.pipe.isOpen) promises.push(target.pipe.made);
      if (target.kind === 'host' && target.line.missing) promises.push(target.line.missing);
      if (target.kind === 'inlet') promises.push(...this.#reserve(descriptor));
    }
    return promises.length === 0 ? undefined : Promise.all(promises);
  }

  /**
   * Opens everything for the spawn that follows immediately.
   *
   * @throws the system's error when that fails; nothing is left open then.
   */
  connect(): Connection {
    const connection = { temporary: new SpawnDescriptors(), streams: new Map<number, Socket>() };
    try {
      const descriptors = this.#targets.map((target, descriptor) =>
        this.#connect(target, descriptor, connection),
      );
      return { ...connection, descriptors };
    } catch (error) {
      connection.temporary.closeAll();
      throw error;
    }
  }

  /** The streams that are read from this child, by descriptor. */
  streamsOf({ streams }: Connection, started: Started): ReadonlyMap<number, Socket> {
    for (const [descriptor, target] of this.#targets.entries()) {
      const socket = target.kind === 'host' ? started.socketAt(descriptor) : undefined;
      if (target.kind === 'host' && socket !== undefined) target.line.attach(socket);
    }
    for (const [descriptor, source] of this.#sources) {
      const socket = source === 'socket' ? started.socketAt(descriptor) : undefined;
      if (socket !== undefined) streams.set(descriptor, this.#readPipes.adopt(socket));
    }
    return streams;
  }

  /** The child has ended. */
  release(end: ChildEnd): void {
    this.#isOver = true;
    this.#readerGone(end);
    for (const source of this.#sources.values()) this.#readPipes.giveBack(source);
    this.#sources.clear();
  }

  #reserve(descriptor: number): readonly Promise<void>[] {
    const spare = this.#readPipes.takeSpare();
    if (spare !== undefined) this.#sources.set(descriptor, spare);
    if (spare !== undefined) return [];
    const made = this.#readPipes.make().then((source) => {
      if (this.#isOver) this.#readPipes.giveBack(source);
      else this.#sources.set(descriptor, source);
    });
    return [made];
  }

  #connect(
    target: StdioKind,
    descriptor: number,
    { temporary, streams }: Omit<Connection, 'descriptors'>,
  ): Descriptors[number] {
    switch (target.kind) {
      case 'nothing':
        return 'ignore';
      case 'host':
        return target.line.connect(temporary);
      case 'pipe': {
        const end = target.pipe.openEnd(target.end);
        return 'own' in end ? temporary.keep(end.own) : end.shared;
      }
      case 'inlet': {
        const source = this.#sources.get(descriptor) ?? 'socket';
        const inlet = this.#readPipes.open(source, temporary);
        this.#sources.set(descriptor, 'socket');
        if (inlet === undefined) return 'socket';
        this.#sources.delete(descriptor);
        streams.set(descriptor, inlet.stream);
        return inlet.descriptor;
      }
    }
  }
}

const nothing: StdioKind = { kind: 'nothing' };

function stdioKindsOf(command: Command, pipes: LogPipes, host: HostStreams): readonly StdioKind[] {
  const { stdin, stdout, stderr, notificationFd, user } = command;
  const targets: StdioKind[] = [];
  const set = (descriptor: number, kind: Command['stdin'] | Command['stdout']): void => {
    if (descriptor === notificationFd) return;
    targets[descriptor] =
      kind === 'inherit'
        ? { kind: 'host', line: host.line(descriptor, user) }
        : stdioKindOf(kind, command, pipes);
  };
  set(0, stdin);
  set(1, stdout);
  set(2, stderr);
  // The notification descriptor replaces a standard stream with the same number (s6).
  if (notificationFd !== undefined) targets[notificationFd] = { kind: 'inlet' };
  return Array.from(targets, (known: StdioKind | undefined) => known ?? nothing);
}

function stdioKindOf(
  kind: Exclude<Command['stdin'] | Command['stdout'], 'inherit'>,
  command: Command,
  pipes: LogPipes,
): StdioKind {
  if (kind === 'lines') return { kind: 'inlet' };
  if (typeof kind === 'string') return nothing;
  const end = kind === command.stdin ? 'read' : 'write';
  const pipe = isFinish(command) ? pipes.find(kind.pipe) : pipes.get(kind.pipe, end);
  return pipe === undefined ? nothing : { kind: 'pipe', pipe, end };
}

/** Whether it is a finish script: it uses an existing pipe, and none is made for it. */
function isFinish({ name }: Command): boolean {
  return name.endsWith('/finish');
}
