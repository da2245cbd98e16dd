import type { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import type { Descriptors, SpawnDescriptors } from '../os/descriptor.ts';
import { openAgain, openTerminalAgain } from '../os/descriptor.ts';
import type { Fifos } from './fifos.ts';
import { hostSink } from './host-sink.ts';
import { inspectStream, letAllOpen, sharingOf } from './host-stream.ts';
import { OutputRelay } from './output-relay.ts';
import type { PipeMaker } from './pipe-ends.ts';
import { readCredentials } from '../os/read-accounts.ts';
import type { Credentials } from '../../model/accounts.ts';
import type { Problem } from '../../model/problem.ts';

/** How one child gets one of the host's standard streams. */
export interface HostLine {
  /** Resolves when `connect` can be called; absent: now. Never rejects. */
  readonly missing?: Promise<void> | undefined;
  /**
   * Opens the descriptor for the child and adds it to `lent`, which is closed once the child has inherited it.
   *
   * @throws the system's error when descriptors run out.
   */
  connect(lent: SpawnDescriptors): Descriptors[number];
  /** Takes the supervisor's end of the socket, if `connect` returned `socket`. */
  attach(socket: Socket): void;
}

/** The dependencies of HostStreams. */
export interface HostStreamsSource {
  readonly fifos: Fifos;
  readonly maker: PipeMaker;
  /** Called with a problem when output cannot be written. */
  readonly onProblem: (problem: Problem) => void;
  /** Called before the first relay is made. */
  readonly onFirstRelay: () => void;
}

/** Gives the host's stdin, stdout and stderr to children. */
export class HostStreams {
  readonly #source: HostStreamsSource;
  /** By the identity of the stream: stdout and stderr may be the same pipe. */
  readonly #relays = new Map<string, OutputRelay>();

  constructor(source: HostStreamsSource) {
    this.#source = source;
  }

  /** @param user - The account of the child. Default: the host's. */
  line(descriptor: number, user?: string): HostLine {
    if (descriptor !== 1 && descriptor !== 2) return inputLine(descriptor);
    const stream = inspectStream(descriptor);
    if (stream !== undefined) letAllOpen(descriptor, stream);
    switch (sharingOf(inspectStream(descriptor), accountOf(user))) {
      case 'none':
        return absent;
      case 'inherited':
        return inherited;
      case 'reopened':
        return {
          connect: (lent) => {
            const own =
              stream?.kind === 'terminal'
                ? openTerminalAgain(descriptor)
                : openAgain(descriptor, 'write');
            return own === undefined ? 'inherit' : lent.keep(own);
          },
          attach: destroy,
        };
      case 'relayed': {
        const relay = this.#relay(descriptor, stream?.kind === 'file' ? '' : stream?.identity);
        return {
          missing: relay.made,
          connect: (lent) => relay.connect(lent),
          attach: (socket) => {
            relay.read(socket);
          },
        };
      }
    }
  }

  /** Writes the rest of the children's output; `grace`: milliseconds after which a reader that reads nothing is given up. */
  async close(grace: number): Promise<void> {
    await Promise.all([...this.#relays.values()].map((relay) => relay.close(grace)));
    this.#relays.clear();
  }

  /** Writes the rest synchronously, for a host that is about to exit. */
  flush(): void {
    for (const relay of this.#relays.values()) relay.flush();
  }

  #relay(descriptor: 1 | 2, identity = ''): OutputRelay {
    // Two descriptors of one file may have different offsets.
    const key = identity === '' ? String(descriptor) : identity;
    const known = this.#relays.get(key);
    if (known !== undefined) return known;
    const { fifos, maker, onProblem, onFirstRelay } = this.#source;
    onFirstRelay();
    const relay = new OutputRelay({
      name: descriptor === 1 ? '/dev/stdout' : '/dev/stderr',
      sink: hostSink(descriptor),
      pipe: maker() ?? fifos.make(),
      onProblem,
    });
    this.#relays.set(key, relay);
    return relay;
  }
}

const inherited: HostLine = { connect: () => 'inherit', attach: destroy };
const absent: HostLine = { connect: () => 'ignore', attach: destroy };

/**
 * A child with a stdin that is also the socket of the host's output would share its open file description and make each write of the
 * host block. Such a child gets its own socket, to which the host's input is copied.
 */
function inputLine(descriptor: number): HostLine {
  const input = inspectStream(descriptor);
  if (input === undefined) return absent;
  const isOutput = [1, 2].some((output) => inspectStream(output)?.identity === input.identity);
  if (input.kind !== 'socket' || !isOutput || !isMainThread) return inherited;
  return { connect: () => 'socket', attach: feed };
}

function feed(socket: Socket): void {
  const { stdin } = process;
  socket.on('error', () => undefined); // the child has closed its stdin
  socket.once('close', () => {
    stdin.unpipe(socket);
    stdin.pause();
  });
  stdin.pipe(socket);
}

function destroy(socket: Socket): void {
  socket.destroy();
}

function accountOf(user: string | undefined): Credentials | undefined {
  return user === undefined ? undefined : readCredentials(user);
}
