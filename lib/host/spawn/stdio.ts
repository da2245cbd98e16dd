import type { Socket } from 'node:net';
import type { End, Descriptors } from '../os/descriptor.ts';
import { SpawnDescriptors } from '../os/descriptor.ts';
import type { HostLine, HostStreams } from '../pipes/host-streams.ts';
import type { ReadPipeSource, ReadPipes } from '../pipes/read-pipes.ts';
import type { LogPipe, ChildEnd } from '../pipes/log-pipe.ts';
import type { LogPipes } from '../pipes/log-pipes.ts';
import type { Started } from './start-process.ts';
import type { Command } from '../../model/program.ts';

/** What a descriptor of a child is to be. */
type StdioKind =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'host'; readonly line: HostLine }
  | { readonly kind: 'pipe'; readonly pipe: LogPipe; readonly end: End }
  | { readonly kind: 'inlet' };

/** A child's descriptors, as they are given to it. */
interface Connection {
  readonly descriptors: Descriptors;
  /** To be closed once the child has them. */
  readonly lent: SpawnDescriptors;
  /** What we read from; the sockets that are made with the child come to it with `streamsOf`. */
  readonly streams: Map<number, Socket>;
}

/** What the descriptors of children are made of. */
export interface WiringSource {
  readonly pipes: LogPipes;
  readonly inlets: ReadPipes;
  readonly host: HostStreams;
}

/** The descriptors of one child: what they are to be, and what must be there before it can be spawned. */
export class Stdio {
  readonly #inlets: ReadPipes;
  readonly #plugs: readonly StdioKind[];
  readonly #sources = new Map<number, ReadPipeSource>();
  readonly #readerGone: (end: ChildEnd) => void;
  #isOver = false;

  constructor(command: Command, { pipes, inlets, host }: WiringSource) {
    this.#inlets = inlets;
    this.#plugs = stdioKindsOf(command, pipes, host);
    const input = this.#plugs[0];
    const reads = input?.kind === 'pipe' && !isFinish(command);
    this.#readerGone = reads ? input.pipe.addReader() : () => undefined;
  }

  /** The log pipes that it is to have an end of. */
  get pipes(): ReadonlySet<LogPipe> {
    return new Set(this.#plugs.flatMap((plug) => (plug.kind === 'pipe' ? [plug.pipe] : [])));
  }

  /** What must be made yet; `undefined` when all is there. Rejects with the system's error when a log pipe cannot be made. */
  missing(): Promise<unknown> | undefined {
    const awaited: Promise<unknown>[] = [];
    for (const [descriptor, plug] of this.#plugs.entries()) {
      if (plug.kind === 'pipe' && !plug.pipe.isOpen) awaited.push(plug.pipe.made);
      if (plug.kind === 'host' && plug.line.missing) awaited.push(plug.line.missing);
      if (plug.kind === 'inlet') awaited.push(...this.#reserve(descriptor));
    }
    return awaited.length === 0 ? undefined : Promise.all(awaited);
  }

  /**
   * Opens everything for the spawn that follows at once.
   *
   * @throws the system's error when it cannot be; nothing is left open then.
   */
  connect(): Connection {
    const connection = { lent: new SpawnDescriptors(), streams: new Map<number, Socket>() };
    try {
      const descriptors = this.#plugs.map((plug, descriptor) =>
        this.#connect(plug, descriptor, connection),
      );
      return { ...connection, descriptors };
    } catch (error) {
      connection.lent.closeAll();
      throw error;
    }
  }

  /** Everything that is read from a child as its own, by its descriptor. */
  streamsOf({ streams }: Connection, started: Started): ReadonlyMap<number, Socket> {
    for (const [descriptor, plug] of this.#plugs.entries()) {
      const socket = plug.kind === 'host' ? started.socketAt(descriptor) : undefined;
      if (plug.kind === 'host' && socket !== undefined) plug.line.attach(socket);
    }
    for (const [descriptor, source] of this.#sources) {
      const socket = source === 'socket' ? started.socketAt(descriptor) : undefined;
      if (socket !== undefined) streams.set(descriptor, this.#inlets.adopt(socket));
    }
    return streams;
  }

  /** The child has come to its end. */
  release(end: ChildEnd): void {
    this.#isOver = true;
    this.#readerGone(end);
    for (const source of this.#sources.values()) this.#inlets.giveBack(source);
    this.#sources.clear();
  }

  #reserve(descriptor: number): readonly Promise<void>[] {
    const spare = this.#inlets.takeSpare();
    if (spare !== undefined) this.#sources.set(descriptor, spare);
    if (spare !== undefined) return [];
    const made = this.#inlets.make().then((source) => {
      if (this.#isOver) this.#inlets.giveBack(source);
      else this.#sources.set(descriptor, source);
    });
    return [made];
  }

  #connect(
    plug: StdioKind,
    descriptor: number,
    { lent, streams }: Omit<Connection, 'descriptors'>,
  ): Descriptors[number] {
    switch (plug.kind) {
      case 'nothing':
        return 'ignore';
      case 'host':
        return plug.line.connect(lent);
      case 'pipe': {
        const end = plug.pipe.openEnd(plug.end);
        return 'own' in end ? lent.keep(end.own) : end.shared;
      }
      case 'inlet': {
        const source = this.#sources.get(descriptor) ?? 'socket';
        const inlet = this.#inlets.open(source, lent);
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
  const plugs: StdioKind[] = [];
  const plug = (descriptor: number, kind: Command['stdin'] | Command['stdout']): void => {
    if (descriptor === notificationFd) return;
    plugs[descriptor] =
      kind === 'inherit'
        ? { kind: 'host', line: host.line(descriptor, user) }
        : stdioKindOf(kind, command, pipes);
  };
  plug(0, stdin);
  plug(1, stdout);
  plug(2, stderr);
  // It takes the place of what else would be there (s6).
  if (notificationFd !== undefined) plugs[notificationFd] = { kind: 'inlet' };
  return Array.from(plugs, (known: StdioKind | undefined) => known ?? nothing);
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

/** Whether it is a finish script: it takes the pipe that there is, and none is made for it. */
function isFinish({ name }: Command): boolean {
  return name.endsWith('/finish');
}
