/*
 * Trees in which every process prints something, and the expected output.
 */
import { join } from 'node:path';
import type { TreeInput } from '../../../lib/loader/define.ts';

/** Services that run shell scripts once. */
export function scripts(services: Readonly<Record<string, string>>): TreeInput {
  return {
    services: Object.entries(services).map(([name, script]) => ({
      name,
      run: ['sh', '-c', script],
      restart: 'never' as const,
    })),
  };
}

const numbers = (last: number): string =>
  Array.from({ length: last }, (_, index) => `${index + 1}\n`).join('');

/** Everything that is printed by `everything`, in any order. */
export function printed(abilities: string): Buffer {
  const opened = abilities.includes('open') ? 'opened\nopened too\n' : '';
  const other = abilities.includes('user') ? 'by another account\nby one that dropped root\n' : '';
  const words = 'from node\nfrom node\nfinish of big\nlast script\ncommand\n';
  return Buffer.from(numbers(30_000) + numbers(60_000) + words + opened + other).sort();
}

/**
 * A life in which an init script, services, a finish script, a script of the finish stage and the command print. The command waits
 * until the others have printed all.
 *
 * @param abilities - `open`: some open `/dev/stdout` and `/dev/stderr`; `user`: some do so as another account.
 */
export function everything(abilities: string): { tree: TreeInput; command: string } {
  const gates = process.env['GATES'] ?? '';
  const done = (name: string): string => `: > ${join(gates, name)}`;
  const node = `process.stdout.write('from node\\n', () => fs.writeFileSync(process.argv[1], '')); setInterval(() => {}, 1000)`;
  const all: Record<string, string> = {
    node: `exec ${process.execPath} -e "${node}" ${join(gates, 'node')}`,
    'second-node': `exec ${process.execPath} -e "${node}" ${join(gates, 'second-node')}`,
    ...(abilities.includes('open') && {
      opener: `echo opened > /dev/stdout && exec 3> /dev/stderr && echo opened too >&3 && ${done('opener')}`,
    }),
    ...(abilities.includes('user') && {
      dropped: `setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'echo by one that dropped root > /dev/stdout' && ${done('dropped')}`,
    }),
  };
  const other = {
    name: 'other',
    run: ['sh', '-c', `echo by another account > /dev/stdout && ${done('other')}`],
    restart: 'never',
    user: '65534:65534',
  } as const;
  const big = {
    name: 'big',
    run: ['sh', '-c', 'seq 1 60000'],
    finish: ['sh', '-c', `echo finish of big; ${done('big')}`],
    restart: 'never',
  } as const;
  const services = [
    ...(scripts(all).services ?? []),
    big,
    ...(abilities.includes('user') ? [other] : []),
  ];
  const tree = {
    init: [{ name: 'first', run: ['sh', '-c', 'seq 1 30000'] }],
    services,
    finish: [{ name: 'last', run: ['sh', '-c', 'echo last script'] }],
  };
  const waits = services.map(({ name }) => `test -e ${join(gates, name)}`).join(' && ');
  return { tree, command: `until ${waits}; do sleep 0.05; done; echo command; exit 4` };
}
