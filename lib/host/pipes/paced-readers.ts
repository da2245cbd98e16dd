import type { ByteConsumer, PacedStream } from './paced-reader.ts';
import { PacedReader } from './paced-reader.ts';

/** The readers of the output of all children of a spawner. */
export class PacedReaders {
  readonly #readers = new Set<PacedReader>();

  /** Reads a stream from now on. */
  read(stream: PacedStream, consumer: ByteConsumer): PacedReader {
    const reader = new PacedReader(stream, consumer);
    this.#readers.add(reader);
    stream.once('close', () => {
      reader.catchUp(() => this.#readers.delete(reader));
    });
    return reader;
  }

  /** Resolves when all bytes that were written until now have been handled; drops everything after that. */
  async close(): Promise<void> {
    const readers = [...this.#readers];
    await Promise.all(
      readers.map((reader) => new Promise<void>((resolve) => reader.catchUp(resolve))),
    );
    for (const reader of readers) reader.stop();
  }
}
