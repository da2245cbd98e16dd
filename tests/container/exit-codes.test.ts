/*
 * How a container ends when its command exits: the exit code as seen from outside.
 */
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ContainerEnd, ContainerOptions } from './rig.ts';
import { container, inContainers, sh } from './rig.ts';

/** The folder of the package koffi. */
const koffi = fileURLToPath(new URL('../../node_modules/koffi', import.meta.url));

/** The smallest tree that can be loaded. */
const empty = { 'cont-finish.d/.keep': '' };

/** The numbers of the signals of which the default action ends a process, without the real-time ones. */
const ending = [
  ...new Set(
    Object.entries(constants.signals)
      .filter(([name]) => !/^SIG(CHLD|CONT|STOP|TSTP|TTIN|TTOU|URG|WINCH)$/.test(name))
      .map(([, number]) => number),
  ),
];

/** The real-time signals, which have no names in Node; the C library keeps 32 and 33 for itself. */
const realTime = Array.from({ length: 31 }, (_, index) => 34 + index);

const exiting = (code: number): readonly string[] => ['sh', '-c', `exit ${String(code)}`];
const dyingOf = (signal: number): readonly string[] => [
  'sh',
  '-c',
  `ulimit -c 0; kill -${String(signal)} $$`,
];

/** Runs the tree once for each command, in one container. */
async function livesWith(commands: readonly (readonly string[])[]): Promise<ContainerEnd> {
  await using box = await container({
    tree: empty,
    host: new URL('many-lives.ts', import.meta.url),
    more: commands,
  });
  return await box.ended;
}

async function endWith(
  command: readonly string[],
  more: Partial<ContainerOptions> = {},
): Promise<ContainerEnd> {
  await using box = await container({ tree: empty, command, ...more });
  return await box.ended;
}

inContainers('the exit code of the command', {
  'each exit code of the command from 0 to 255 becomes that of the verdict': async () => {
    const codes = Array.from({ length: 256 }, (_, code) => code);
    const { code, verdicts, left, files } = await livesWith(codes.map(exiting));
    assert.deepEqual(
      verdicts,
      codes.map((exitCode) => ({ exitCode, reason: 'command', killed: [] })),
    );
    assert.deepEqual([code, left, files], [0, [], []]);
  },

  'a command that dies of signal n gives the exit code 128 + n, for each signal (case 60)':
    async () => {
      const { code, verdicts } = await livesWith(ending.map(dyingOf));
      assert.equal(ending.length, 23);
      assert.deepEqual(
        verdicts.map(({ exitCode }) => exitCode),
        ending.map((signal) => 128 + signal),
      );
      assert.equal(code, 0);
    },

  'a command that dies of a real-time signal n gives 128 + n where koffi is installed':
    async () => {
      const { verdicts, left } = await livesWith(realTime.map(dyingOf));
      assert.deepEqual(
        verdicts,
        realTime.map((signal) => ({ exitCode: 128 + signal, reason: 'command', killed: [] })),
      );
      assert.deepEqual(left, []);
    },

  'a command that dies of a real-time signal gives 0 without koffi and with the spawner node':
    async () => {
      const { code } = await endWith(dyingOf(34), { without: [koffi] });
      const asNode = await endWith(dyingOf(64), { options: { spawner: 'node' } });
      assert.deepEqual([code, asNode.code], [0, 0]);
    },

  'a container of which the command dies of a real-time signal exits with 128 + n': async () => {
    const end = await endWith(dyingOf(40));
    assert.deepEqual([end.code, end.signal], [168, null]);
  },

  ...Object.fromEntries(
    [0, 1, 42, 126, 127, 128, 143, 254, 255].map((code) => [
      `a container of which the command exits with ${String(code)} exits with the same code`,
      async () => {
        const end = await endWith(exiting(code));
        assert.deepEqual([end.code, end.signal], [code, null]);
      },
    ]),
  ),

  ...Object.fromEntries(
    (['SIGINT', 'SIGSEGV', 'SIGKILL', 'SIGTERM'] as const).map((name) => [
      `a container of which the command dies of ${name} exits with 128 + n, not by a signal`,
      async () => {
        const number = constants.signals[name];
        const end = await endWith(dyingOf(number));
        assert.deepEqual([end.code, end.signal], [128 + number, null]);
      },
    ]),
  ),

  'a command that does not exist gives 127 (case 60)': async () => {
    const end = await endWith(['no-such-command']);
    assert.equal(end.code, 127);
  },

  'a command that cannot be executed gives 126 (case 60)': async () => {
    await using box = await container({
      tree: { ...empty, 'README.md': { content: 'nothing', mode: 0o644 } },
      command: ['sh', '-c', 'exec "$TMPDIR/../root/README.md"'],
    });
    assert.equal((await box.ended).code, 126);
  },

  'the command gets its words unchanged, the environment and the working directory of the host':
    async () => {
      await using box = await container({
        tree: empty,
        command: ['sh', '-c', 'printf "<%s>\\n" "$@"; echo "$GIVEN"; pwd', 'sh', 'a b', '', '*'],
        env: { GIVEN: 'this' },
      });
      const { stdout } = await box.ended;
      assert.deepEqual(stdout.slice(0, -1), ['<a b>', '<>', '<*>', 'this']);
      assert.equal(`${stdout.at(-1) ?? ''}/root`, box.root);
    },

  'the end of the command stops the services in order, and their exit codes change nothing':
    async () => {
      await using box = await container({
        tree: {
          'services.d/web/run': sh(
            'trap "echo web ends; exit 9" TERM',
            'echo web runs; touch "$WORK/web"',
            'while :; do sleep 0.1; done',
          ),
          'services.d/web/finish': sh('echo "web was $1 $2"'),
          'cont-finish.d/10': sh('echo bye', 'exit 8'),
        },
        command: ['sh', '-c', 'until test -e "$WORK/web"; do sleep 0.1; done; exit 7'],
      });
      const end = await box.ended;
      assert.equal(end.code, 7);
      assert.deepEqual(end.stdout, ['web runs', 'web ends', 'web was 9 0', 'bye']);
      assert.deepEqual(end.verdict, { exitCode: 7, reason: 'command', killed: [] });
    },
});
