import type { StdioOptions } from 'node:child_process';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Order } from '../hosts/host.ts';
import type { Contender, HostValue, Life, Stand } from './contender.ts';
import { writeServices } from './folders.ts';
import type { Program } from './program.ts';
import { begin } from './program.ts';

/** This library in a host that does nothing else. */
export const stagekeeper: Contender = {
  ...guest('stagekeeper', 'ours'),
  hasLoggers: true,
};

/** The same with the spawner that does not copy the host's page tables. */
export const native: Contender = {
  ...guest('stagekeeper (native)', 'ours', 'native'),
  hasLoggers: true,
  async absence(workshop) {
    try {
      const probe = [await workshop.host('spawner'), 'native'];
      await promisify(execFile)(workshop.node, probe, { env: workshop.env });
      return undefined;
    } catch (error) {
      const stderr = String((error as { stderr?: unknown }).stderr);
      return /OptionsError/.test(stderr)
        ? "there is no option spawner: 'native'"
        : `its spawner does not work here: ${stderr.trim().split('\n').at(-1) ?? ''}`;
    }
  },
};

/** A supervisor of thirty lines of Node, without a library. */
export const naive: Contender = guest('naive', 'naive');

function guest(name: string, program: string, spawner?: string): Contender {
  return {
    name,
    isGuest: true,
    hasLoggers: false,
    absence: () => Promise.resolve(undefined),
    async prepare(stand) {
      writeServices(join(stand.folder, 'services.d'), stand.services);
      const path = await stand.workshop.host(program);
      const order = JSON.stringify(orderOf(stand, spawner));
      return {
        async start() {
          const { workshop, folder, flags = [] } = stand;
          const stdio: StdioOptions = ['ignore', 'pipe', 'inherit'];
          // Its runtime directory is removed with the folder.
          const variables = { TMPDIR: folder };
          return lifeOf(
            await begin([workshop.node, ...flags, path, order], workshop, stdio, variables),
          );
        },
      };
    },
  };
}

function orderOf(stand: Stand, spawner: string | undefined): Order {
  const { folder, services, atOnce = false, ballast = 0, watch = false } = stand;
  const names = services.map(({ name }) => name);
  return {
    ...{ root: folder, services: names, atOnce, ballast, watch },
    ...(spawner !== undefined && { spawner }),
  };
}

function lifeOf({ child, pid, gone }: Program): Life {
  const values = new Map<string, number>();
  let notify = (): void => undefined;
  const { stdout } = child;
  if (stdout === null) throw new Error('The host has no stdout.');
  createInterface({ input: stdout }).on('line', (line) => {
    for (const [what, value] of Object.entries(JSON.parse(line) as Record<string, number>)) {
      values.set(what, value);
    }
    notify();
  });
  child.once('close', () => {
    notify();
  });
  return {
    gone,
    supervisors: () => [pid],
    end: () => Promise.resolve(void child.kill('SIGTERM')),
    async told(what: HostValue) {
      for (;;) {
        const value = values.get(what);
        if (value !== undefined) return value;
        if (stdout.closed) throw new Error(`The host exited without printing '${what}'.`);
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      }
    },
  };
}
