import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isAlive, until } from '../../processes.ts';
import type { Workshop } from '../workshop.ts';
import type { Contender, Stand } from './contender.ts';
import { writeScript } from './folders.ts';
import { begin } from './program.ts';

const call = promisify(execFile);

/** The folder of pm2, which is not a dependency of this package. */
const home = join(tmpdir(), 'stagekeeper-bench-pm2');
const program = join(home, 'node_modules/pm2/bin/pm2');

/** pm2: a daemon in Node. Its stop of 500 services takes longer than all other measurements together. */
export const pm2: Contender = {
  name: 'pm2',
  isGuest: false,
  hasLoggers: false,
  most: 100,
  absence: () =>
    Promise.resolve(existsSync(program) ? undefined : `not in ${home}; --with-pm2 installs it`),
  prepare(stand) {
    const { folder, workshop } = stand;
    const path = join(folder, 'ecosystem.json');
    writeFileSync(path, JSON.stringify({ apps: appsOf(stand) }));
    return Promise.resolve({
      async start() {
        const env = { PM2_HOME: join(folder, 'home') };
        const starter = await begin(
          [workshop.node, program, 'start', path],
          workshop,
          'ignore',
          env,
        );
        let daemon: number | undefined;
        const pid = (): number =>
          (daemon ??= Number(readFileSync(join(env.PM2_HOME, 'pm2.pid'), 'utf8')));
        return {
          gone: starter.gone.then(() => until(() => !isAlive(pid()), 'the end of pm2', 60_000)),
          supervisors: () => [pid()],
          async end() {
            await starter.gone;
            pid();
            await call(workshop.node, [program, 'kill'], { env: { ...workshop.env, ...env } });
          },
        };
      },
    });
  },
};

/** Installs pm2 into its folder. */
export async function installPm2(workshop: Workshop): Promise<void> {
  if (existsSync(program)) return;
  mkdirSync(home, { recursive: true });
  const quietly = ['--no-audit', '--no-fund', '--ignore-scripts'];
  await call('npm', ['install', '--prefix', home, ...quietly, 'pm2'], { env: workshop.env });
}

function appsOf({ folder, services, atOnce = false }: Stand): readonly object[] {
  return services.map(({ name, run }) => ({
    name,
    script: writeScript(join(folder, name), run),
    interpreter: 'none',
    min_uptime: 0,
    max_restarts: 1e9,
    restart_delay: atOnce ? 0 : 1000,
    out_file: '/dev/null',
    error_file: '/dev/null',
  }));
}
