import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Workshop } from '../workshop.ts';
import type { Contender } from './contender.ts';
import { writeServices } from './folders.ts';
import { begin, notInstalled } from './program.ts';

const source = fileURLToPath(new URL('floor.c', import.meta.url));
/** The usual restart delay, in milliseconds. */
const delay = 1000;

/** A supervisor in sixty lines of C, which shows the cost of the system itself. */
export const floor: Contender = {
  name: 'C',
  isGuest: false,
  hasLoggers: false,
  async absence(workshop) {
    const lacking = notInstalled('gcc libc6-dev', 'cc');
    if (lacking !== undefined) return lacking;
    try {
      await promisify(execFile)('cc', ['-O2', '-o', programOf(workshop), source]);
      return undefined;
    } catch (error) {
      return `it does not compile: ${String((error as { stderr?: unknown }).stderr).trim()}`;
    }
  },
  prepare({ folder, services, workshop, atOnce = false }) {
    writeServices(folder, services);
    const folders = services.map(({ name }) => join(folder, name));
    return Promise.resolve({
      async start() {
        const program = [programOf(workshop), String(atOnce ? 0 : delay)] as const;
        const { child, pid, gone } = await begin([...program, ...folders], workshop);
        const end = () => Promise.resolve(void child.kill('SIGTERM'));
        return { gone, supervisors: () => [pid], end };
      },
    });
  },
};

function programOf({ folder }: Workshop): string {
  return join(folder, 'floor');
}
