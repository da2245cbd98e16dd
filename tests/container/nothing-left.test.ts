/*
 * What PID 1 leaves when it exits. In a real container the kernel kills what is left, which cannot clean up then: so nothing
 * may be left. The processes of the namespace are read inside, just before PID 1 exits.
 */
import assert from 'node:assert/strict';
import type { TreeFiles } from '../../lib/testing/index.ts';
import type { ContainerEnd, ContainerOptions } from './rig.ts';
import { container, inContainers, phase, sh, stay } from './rig.ts';

/** Starts a container, waits until all these lines have been printed and it runs, sends TERM and waits for the end. */
async function livedThrough(
  options: ContainerOptions,
  lines: readonly string[],
): Promise<ContainerEnd> {
  await using box = await container(options);
  for (const line of lines) await box.until(line);
  if (options.command === undefined) {
    await box.until(phase('running'));
    box.kill('SIGTERM');
  }
  return await box.ended;
}

/** The names of the processes that lived when PID 1 exited, without zombies. */
function survivors({ left }: ContainerEnd): readonly string[] | undefined {
  return left?.filter(({ state }) => state !== 'Z').map(({ name }) => name);
}

const deafChild = `sh -c 'trap "" TERM HUP; echo deaf child runs; ${stay}' &`;

inContainers('nothing is left when PID 1 exits', {
  'a tree with loggers, readiness and a command leaves no process and no file': async () => {
    const end = await livedThrough(
      {
        tree: {
          'cont-init.d/10': sh('echo init'),
          'services.d/a/run': sh('echo >&3', 'echo a runs', stay),
          'services.d/a/notification-fd': '3',
          'services.d/a/log/run': sh('exec cat'),
          'services.d/b/run': sh('echo b runs', stay),
          'services.d/b/log/run': sh('exec cat'),
          'cont-finish.d/10': sh('echo bye'),
        },
        command: ['sh', '-c', 'echo command; exit 4'],
      },
      ['command'],
    );
    assert.deepEqual([end.code, end.left, end.files], [4, [], []]);
    assert.equal(end.stdout.at(-1), 'bye');
  },

  'twenty services with loggers that end at once leave nothing and lose no line': async () => {
    const names = Array.from({ length: 20 }, (_, index) => `web${String(index)}`);
    const services = names.flatMap((name) => [
      [`services.d/${name}/run`, sh(`trap "echo ${name} ends; exit 0" TERM`, 'echo runs', stay)],
      [`services.d/${name}/log/run`, sh('while read -r line; do echo "$line"; done')],
    ]);
    await using box = await container({ tree: Object.fromEntries(services) as TreeFiles });
    await box.until('runs', names.length);
    box.kill('SIGTERM');
    const end = await box.ended;
    const last = end.stdout.filter((line) => line.endsWith('ends')).toSorted();
    assert.deepEqual(last, names.map((name) => `${name} ends`).toSorted());
    assert.deepEqual([end.code, end.verdict?.killed, end.left, end.files], [143, [], [], []]);
  },

  'a child in the process group of a service that ignores TERM is not left': async () => {
    const end = await livedThrough(
      {
        tree: { 'services.d/web/run': sh(deafChild, 'echo web runs', stay) },
        env: { S6_SERVICES_GRACETIME: '300', S6_KILL_GRACETIME: '300' },
      },
      ['web runs', 'deaf child runs'],
    );
    assert.deepEqual([end.code, survivors(end), end.files], [143, [], []]);
  },

  'a daemon that has left the session of its service is not left': async () => {
    const end = await livedThrough(
      {
        tree: {
          'services.d/web/run': sh(
            `setsid sh -c 'echo daemon runs; exec sleep 600' &`,
            'echo web runs',
            stay,
          ),
        },
        env: { S6_SERVICES_GRACETIME: '300', S6_KILL_GRACETIME: '300' },
      },
      ['web runs', 'daemon runs'],
    );
    assert.deepEqual([end.code, survivors(end), end.files], [143, [], []]);
  },

  'background processes of init scripts, finish scripts and the command are not left': async () => {
    const leaving = (name: string): string =>
      sh(`sh -c 'echo ${name} leaves this; exec sleep 600' &`, 'exit 0');
    const end = await livedThrough(
      {
        tree: {
          'cont-init.d/10': leaving('init'),
          'services.d/web/run': sh(stay),
          'services.d/web/finish': leaving('the finish script'),
          'cont-finish.d/10': leaving('finish'),
        },
        command: ['sh', '-c', 'sleep 600 & exit 6'],
        env: { S6_SERVICES_GRACETIME: '300', S6_KILL_GRACETIME: '300' },
      },
      ['init leaves this'],
    );
    assert.deepEqual([end.code, survivors(end), end.files], [6, [], []]);
  },

  'a service in its restart delay and one that cannot be executed leave nothing': async () => {
    const end = await livedThrough(
      {
        tree: {
          'services.d/dying/run': sh('sleep 600 &', 'echo dying', 'exit 1'),
          'services.d/missing/run': '#!/no/such/interpreter\n',
          'services.d/missing/log/run': sh('echo log runs >&2', 'exec cat'),
        },
        options: { timeouts: { readiness: 300 } },
        env: { S6_SERVICES_GRACETIME: '300', S6_KILL_GRACETIME: '300' },
      },
      ['dying', 'log runs'],
    );
    assert.deepEqual([end.code, survivors(end), end.files], [143, [], []]);
  },
});
