import { LoopDelay } from './loop-delay.ts';

/** The task of a host, as JSON in its first argument. */
export interface Order {
  readonly root: string;
  readonly services: readonly string[];
  /** Whether a dead service is restarted at once. */
  readonly atOnce: boolean;
  /** How many megabytes of memory the host holds. */
  readonly ballast: number;
  /** Whether the delay of the loop is measured until the host's end, and not only during the start. */
  readonly watch: boolean;
  readonly spawner?: string;
}

const megabyte = 1_048_576;

/** The task of this host. */
export const order = JSON.parse(process.argv[2] ?? '') as Order;

// It makes each fork more expensive.
const held = Array.from({ length: order.ballast }, () => Buffer.alloc(megabyte, 1));

/** Calls `start`, waits for TERM, calls `stop`, and prints the delay of the loop. */
export async function host(start: () => Promise<void>, stop: () => Promise<void>): Promise<void> {
  const asked = new Promise<void>((resolve) => {
    // If the listener were removed when it is called, signal-exit would be the only one left and would end the process.
    process.on('SIGTERM', () => {
      resolve();
    });
  });
  const starting = new LoopDelay();
  print({ begun: Number(process.hrtime.bigint()) / 1e6 });
  await start();
  print({ startDelay: starting.end() });
  // Measuring the loop wakes it up, so it is not measured in an idle host.
  const living = order.watch ? new LoopDelay() : undefined;
  await asked;
  if (living !== undefined) print({ lifeDelay: living.end() });
  await stop();
  held.length = 0;
}

function print(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
