import { LoopDelay } from './loop-delay.ts';

/** What a host is told by whoever measures it. */
export interface Order {
  readonly root: string;
  readonly services: readonly string[];
  /** Whether a service that died comes back at once. */
  readonly atOnce: boolean;
  /** How many megabytes the host's own program holds. */
  readonly ballast: number;
  /** Whether the loop is looked at for as long as the host lives, and not only while it starts. */
  readonly watch: boolean;
  readonly spawner?: string;
}

const megabyte = 1_048_576;

/** What this host was told. */
export const order = JSON.parse(process.argv[2] ?? '') as Order;

// It makes each fork dearer.
const held = Array.from({ length: order.ballast }, () => Buffer.alloc(megabyte, 1));

/** Starts with `start` what ends with `stop`, and tells how long the loop was held up. */
export async function host(start: () => Promise<void>, stop: () => Promise<void>): Promise<void> {
  const asked = new Promise<void>((resolve) => {
    // A listener that goes away once it is called would leave the last resort alone, which then ends the process.
    process.on('SIGTERM', () => {
      resolve();
    });
  });
  const starting = new LoopDelay();
  tell({ begun: Number(process.hrtime.bigint()) / 1e6 });
  await start();
  tell({ startDelay: starting.end() });
  // Looking at the loop wakes it up, so nobody looks where nothing is to happen.
  const living = order.watch ? new LoopDelay() : undefined;
  await asked;
  if (living !== undefined) tell({ lifeDelay: living.end() });
  await stop();
  held.length = 0;
}

function tell(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
