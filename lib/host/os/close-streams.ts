import type { Socket } from 'node:net';

/** Closes streams, even if other processes hold the other ends; resolves when their descriptors are closed. */
export async function closeAll(streams: Iterable<Socket>): Promise<void> {
  const closed = [...streams].map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.once('close', () => resolve());
        stream.destroy();
      }),
  );
  await Promise.all(closed);
}
