/*
 * A host with services of several accounts; `accounts.test.ts` runs it with account lists of its own. It prints the ids of each
 * service, and each problem.
 */
import { Supervisor } from '../../../lib/index.ts';

const [spawner = 'node', ...users] = process.argv.slice(2);

const script = `exec awk -v "it=$0" '/^(Uid|Gid|Groups):/ { $1 = ""; ids = ids $0 ";" } END { print it ids; system("exec sleep 600") }' /proc/self/status`;

const supervisor = new Supervisor(
  {
    services: users.map((user) => ({
      name: user.replaceAll(/\W/g, '-'),
      run: ['sh', '-c', script, user],
      user,
    })),
  },
  { output: 'lines', ...(spawner === 'native' && { spawner }) },
);
const seen = new Set<string>();
const all = new Promise<void>((resolve) => {
  supervisor.on('output', ({ source, line }) => {
    process.stdout.write(`${line.replaceAll(/\s+/g, ' ')}\n`);
    seen.add(source);
    if (seen.size === users.length) resolve();
  });
});
supervisor.on('problem', ({ problem: { code, message } }) => {
  process.stdout.write(`${code}: ${message}\n`);
});
await supervisor.start();
await all;
await supervisor.stop();
