import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childrenOf } from '../../processes.ts';
import type { Contender, ServiceFiles } from './contender.ts';
import { writeServices } from './folders.ts';
import { begin, notInstalled } from './program.ts';

/**
 * s6's `s6-svscan`, with an `s6-supervise` for each service and logger. Its restart delay cannot be switched off, but does not
 * apply to a service that was ready for a second (2.11.2 and later).
 */
export const s6: Contender = {
  name: 's6',
  isGuest: false,
  hasLoggers: true,
  absence: () => Promise.resolve(notInstalled('s6', 's6-svscan', 's6-supervise', 's6-svscanctl')),
  prepare({ folder, services, workshop, atOnce = false }) {
    writeServices(folder, atOnce ? services.map(announcing) : services);
    for (const { name } of atOnce ? services : []) {
      writeFileSync(join(folder, name, 'notification-fd'), '3\n');
    }
    // The default limit of 500 counts loggers, too.
    const limit = String(services.length * 2 + 10);
    return Promise.resolve({
      async start() {
        const { pid, gone } = await begin(['s6-svscan', '-c', limit, folder], workshop);
        return {
          gone,
          supervisors: () => [pid, ...childrenOf(pid)],
          end: async () => void (await promisify(execFile)('s6-svscanctl', ['-t', folder])),
        };
      },
    });
  },
};

function announcing(service: ServiceFiles): ServiceFiles {
  return { ...service, run: service.run.replace(/^exec /m, 'echo >&3\n$&') };
}
