import { childrenOf } from '../../processes.ts';
import type { Contender } from './contender.ts';
import { writeServices } from './folders.ts';
import { begin, notInstalled } from './program.ts';

/** runit's `runsvdir`, with a `runsv` for each service. */
export const runit: Contender = {
  name: 'runit',
  isGuest: false,
  hasLoggers: true,
  absence: () => Promise.resolve(notInstalled('runit', 'runsvdir', 'runsv')),
  prepare({ folder, services, workshop }) {
    writeServices(folder, services);
    return Promise.resolve({
      async start() {
        const { pid, gone } = await begin(['runsvdir', folder], workshop);
        return {
          gone,
          supervisors: () => [pid, ...childrenOf(pid)],
          end: () => Promise.resolve(void process.kill(pid, 'SIGHUP')),
        };
      },
    });
  },
};
