import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender, Stand } from './contender.ts';
import { writeScript } from './folders.ts';
import { begin, notInstalled } from './program.ts';

/** supervisord: one process in Python, without its web server. 500 services would take most of the time of the benchmarks. */
export const supervisord: Contender = {
  name: 'supervisord',
  isGuest: false,
  hasLoggers: false,
  most: 100,
  looksOnceASecond: true,
  absence: () => Promise.resolve(notInstalled('supervisor', 'supervisord')),
  prepare(stand) {
    const path = join(stand.folder, 'supervisord.conf');
    writeFileSync(path, configurationOf(stand));
    return Promise.resolve({
      async start() {
        const { pid, gone } = await begin(['supervisord', '-n', '-c', path], stand.workshop);
        return {
          gone,
          supervisors: () => [pid],
          end: () => Promise.resolve(void process.kill(pid, 'SIGTERM')),
        };
      },
    });
  },
};

function configurationOf({ folder, services }: Stand): string {
  const head = [
    '[supervisord]',
    `directory=${folder}`,
    'logfile=/dev/null',
    'logfile_maxbytes=0',
    `pidfile=${join(folder, 'pid')}`,
    'minfds=4096',
  ];
  // It has no restart delay: with startsecs=0 a service is restarted at once, for ever.
  const programs = services.flatMap(({ name, run }) => [
    `[program:${name}]`,
    `command=${writeScript(join(folder, name), run)}`,
    'autorestart=true',
    'startsecs=0',
    'stdout_logfile=NONE',
    'stderr_logfile=NONE',
  ]);
  // It stops one group after the other, each in its own turn of the loop.
  const group = ['[group:services]', `programs=${services.map(({ name }) => name).join(',')}`];
  return [...head, ...programs, ...group, ''].join('\n');
}
