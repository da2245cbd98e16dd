/*
 * The ways in which the finish scripts of real trees end their container, and the programs by which scripts send requests to
 * the supervisor.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { accessSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Container, ContainerOptions } from './rig.ts';
import { container, inContainers, missing, noNobody, sh, stay } from './rig.ts';

/** A tree with a service that exits with 7, and with this finish script. */
function ending(...finish: readonly string[]): ContainerOptions['tree'] {
  return {
    'services.d/web/run': sh('exit 7'),
    'services.d/web/finish': sh(...finish),
    'services.d/other/run': sh('exec sleep 600'),
    'cont-finish.d/10': sh('echo bye'),
  };
}

const programs = ['s6-svscanctl', 's6-svc', 's6-svstat', 's6-svwait', 's6-setuidgid', 's6-log'];

/** The installed programs of s6, which an image without s6 does not have. */
const without = programs.map((name) => `/usr/bin/${name}`).filter(isThere);

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

/** As in an image: the runtime directory is that of s6-overlay. */
const asInAnImage = { ownRun: true, options: { runtimeDirectory: '/run/s6' } } as const;

/** Runs a container to the end that its finish script requests, and checks the exit code. */
async function endsWith(code: number, options: ContainerOptions): Promise<void> {
  await using box = await container({ limit: 30_000, ...options });
  const end = await box.ended;
  const output = `${end.stderr.join('\n')}\n${end.failure ?? ''}`;
  assert.deepEqual(
    end.verdict,
    { exitCode: code, reason: 'requested', service: 'web', killed: [] },
    output,
  );
  assert.equal(end.code, code);
  assert.deepEqual(end.stdout, ['bye'], 'the finish stage has run');
  assert.deepEqual([end.left, end.files], [[], []]);
}

const exitcode = '/run/s6-linux-init-container-results/exitcode';
const stage2Exited = '/var/run/s6/env-stage3/S6_STAGE2_EXITED';

inContainers('a finish script ends the container', {
  'halt of s6-overlay v3 ends the container with 0': async () => {
    await endsWith(0, { ...asInAnImage, without, tree: ending('/run/s6/basedir/bin/halt') });
  },
  'halt after a written exit code ends the container with that code, as in the README of v3 (case 71)':
    async () => {
      const tree = ending(
        `if [ "$1" = 256 ]; then code=$((128 + $2)); else code=$1; fi`,
        `[ "$(cat ${exitcode})" = 0 ] && echo "$code" >${exitcode}`,
        'exec /run/s6/basedir/bin/halt',
      );
      await endsWith(7, { ...asInAnImage, without, tree });
    },
  's6-svscanctl -t of v2 ends the container with 0 where s6 is not installed (case 58)':
    async () => {
      const tree = ending('s6-svscanctl -t /var/run/s6/services');
      await endsWith(0, { ...asInAnImage, without, tree });
    },
  's6-svscanctl -t after a written S6_STAGE2_EXITED ends the container with that code (case 59)':
    async () => {
      const tree = ending(`echo "$1" >${stage2Exited}`, 's6-svscanctl -t /var/run/s6/services');
      await endsWith(7, { ...asInAnImage, without, tree });
    },
  'a written exit code that is no number counts as 100 (case 59)': async () => {
    const tree = ending(`printf abc >${stage2Exited}`, 's6-svscanctl -t /var/run/s6/services');
    await endsWith(100, { ...asInAnImage, without, tree });
  },
  'an exit code file that is a folder counts as 100': async () => {
    const folder = ending(`mkdir ${stage2Exited}`, 'exec /run/s6/basedir/bin/halt');
    await endsWith(100, { ...asInAnImage, without, tree: folder });
  },
  'an exit code file that the account nobody cannot read counts as 100': {
    skip: noNobody,
    test: async () => {
      const tree = ending(
        `umask 777; rm ${exitcode}; echo 3 >${exitcode}`,
        'exec /run/s6/basedir/bin/halt',
      );
      await endsWith(100, { ...asInAnImage, without, tree, user: 'nobody' });
    },
  },
  'the real s6-svscanctl, called by its path, ends the container': {
    skip: missing('s6-svscanctl'),
    test: async () => {
      const tree = ending(`echo 9 >${exitcode}`, 'exec /usr/bin/s6-svscanctl -t /run/s6/services');
      await using box = await container({ ...asInAnImage, tree, limit: 30_000 });
      const end = await box.ended;
      // Its request does not name the calling service.
      assert.deepEqual(end.verdict, { exitCode: 9, reason: 'requested', killed: [] });
      assert.deepEqual([end.code, end.stdout, end.left, end.files], [9, ['bye'], [], []]);
    },
  },
  'execline scripts end the container by s6-svscanctl and by halt': {
    skip: missing('execlineb'),
    test: async () => {
      const finish = (...lines: readonly string[]): ContainerOptions['tree'] => ({
        ...ending(),
        // The path of s6-overlay v3, which does not exist here.
        'services.d/web/finish': ['#!/command/execlineb -S1', ...lines, ''].join('\n'),
      });
      const v3 = [`foreground { redirfd -w 1 ${exitcode} echo \${1} }`, '/run/s6/basedir/bin/halt'];
      await endsWith(7, { ...asInAnImage, tree: finish(...v3) });
      await endsWith(0, { ...asInAnImage, tree: finish('s6-svscanctl -t /var/run/s6/services') });
    },
  },
  'an execline script of v2 that calls s6-test ends the container, with the programs of execline on no PATH':
    {
      skip: missing('execlineb'),
      test: async () => {
        const finish = [
          '#!/usr/bin/execlineb -S0',
          'if { s6-test ${1} -ne 0 }',
          'if { s6-test ${1} -ne 256 }',
          `foreground { redirfd -w 1 ${stage2Exited} s6-echo -n -- \${1} }`,
          's6-svscanctl -t /var/run/s6/services',
          '',
        ].join('\n');
        await endsWith(7, {
          ...asInAnImage,
          tree: { ...ending(), 'services.d/web/finish': finish },
        });
      },
    },
  's6-svscanctl and halt end the container in another runtime directory': async () => {
    const tree = ending(
      'echo "$1" >"$STAGEKEEPER_RUNTIME/env-stage3/S6_STAGE2_EXITED"',
      's6-svscanctl -t /run/s6/services',
    );
    await endsWith(7, { without, tree });
    await endsWith(0, { without, tree: ending('"$STAGEKEEPER_RUNTIME/basedir/bin/halt"') });
  },
  's6-svscanctl -t ends the container under S6_KEEP_ENV=0': async () => {
    const tree = ending('s6-svscanctl -t /var/run/s6/services');
    await endsWith(0, { without, tree, env: { S6_KEEP_ENV: '0' } });
  },
  'halt ends the container under the account nobody': async () => {
    const tree = ending(`echo "$1" >${exitcode}`, '/run/s6/basedir/bin/halt');
    await endsWith(7, { ...asInAnImage, without, tree, user: 'nobody' });
  },
  's6-svscanctl -t during a stop by TERM changes neither the reason nor the exit code':
    async () => {
      await using box = await container({
        ...asInAnImage,
        tree: {
          'services.d/web/run': sh('echo runs', 'exec sleep 600'),
          'services.d/web/finish': sh('s6-svscanctl -t /var/run/s6/services'),
        },
      });
      await box.until('runs');
      box.kill('SIGTERM');
      const { verdict, code } = await box.ended;
      assert.deepEqual([verdict?.reason, code], ['signal', 143]);
    },
});

/** A finish script that writes its code only where there is none but 0, as in public trees. */
const writesIfZero = sh(
  'code=$1',
  '[ "$1" -ne 256 ] || code=$((128 + $2))',
  `before=$(cat ${exitcode})`,
  'echo "finish $code, before $before"',
  `[ "$before" != 0 ] || echo $code >${exitcode}`,
);

inContainers('the exit code of what ends everything is where finish scripts look for it', {
  'that of the command, before services are asked to stop': async () => {
    await using box = await container({
      ...asInAnImage,
      command: ['sh', '-c', 'exit 6'],
      tree: {
        'services.d/web/run': sh('exec sleep 600'),
        'services.d/web/finish': writesIfZero,
        'cont-finish.d/10': sh(`cat ${stage2Exited}`),
      },
    });
    const { code, verdict, stdout } = await box.ended;
    assert.deepEqual([code, verdict?.exitCode, verdict?.reason], [6, 6, 'command']);
    assert.deepEqual(stdout, ['finish 143, before 6', '6']);
  },
  'that of a failed init script under stop': async () => {
    await using box = await container({
      ...asInAnImage,
      env: { S6_BEHAVIOUR_IF_STAGE2_FAILS: '2' },
      tree: {
        'cont-init.d/10': sh('exit 9'),
        'cont-finish.d/10': sh(
          `cat ${exitcode}`,
          `[ "$(cat ${exitcode})" != 0 ] || echo 1 >${exitcode}`,
        ),
      },
    });
    const { code, verdict, stdout } = await box.ended;
    assert.deepEqual([code, verdict?.reason, stdout], [9, 'init-failed', ['9']]);
  },
  'that of an essential service, before the others are asked to stop': async () => {
    await using box = await container({
      ...asInAnImage,
      options: {
        ...asInAnImage.options,
        services: { db: { essential: true, restart: 'never' } },
      },
      tree: {
        'services.d/db/run': sh(
          'echo runs',
          'until [ -e "$WORK/end" ]; do sleep 0.05; done',
          'exit 4',
        ),
        'services.d/web/run': sh('exec sleep 600'),
        'services.d/web/finish': writesIfZero,
      },
      command: ['sh', '-c', 'exec sleep 600'],
    });
    await box.until('runs');
    box.leave('end');
    const { code, verdict, stdout } = await box.ended;
    assert.deepEqual([code, verdict?.reason, verdict?.service], [4, 'essential', 'db']);
    assert.deepEqual(stdout, ['runs', 'finish 143, before 4']);
  },
});

inContainers('an exit code that a script has written', {
  'a written exit code wins over that of the command': async () => {
    await using box = await container({
      ...asInAnImage,
      command: ['sh', '-c', 'exit 3'],
      tree: { 'cont-finish.d/10': sh(`echo 21 >${exitcode}`) },
    });
    const { code, verdict } = await box.ended;
    assert.deepEqual([code, verdict?.reason], [21, 'command']);
  },
  'a command that requests the end and then exits with 13 gives 0, as in v2': async () => {
    await using box = await container({
      ...asInAnImage,
      command: [
        'sh',
        '-c',
        'trap "exit 13" TERM; s6-svscanctl -t /run/s6/services; while :; do sleep 0.1; done',
      ],
      tree: { 'services.d/web/run': sh('exec sleep 600') },
    });
    const { code, verdict } = await box.ended;
    assert.deepEqual([code, verdict?.reason, verdict?.script], [0, 'requested', 'command']);
  },
});

/** Runs a program in a container as root, as `docker exec -u root` does; returns its exit code and its output. */
function execAsRoot(box: Container, program: string, ...args: readonly string[]) {
  const inside = ['--target', String(box.pid), '--pid', '--mount', program, ...args];
  return new Promise((resolve) => {
    execFile('nsenter', inside, { timeout: 20_000 }, (error, stdout, stderr) => {
      resolve([error === null ? 0 : (error.code ?? error.signal), stdout, stderr]);
    });
  });
}

inContainers('requests of scripts to the supervisor', {
  's6-svc -D, and down and other files in the scan directory, change nothing in the tree and hold for the life':
    async () => {
      const idle = (...lines: readonly string[]): string => sh(...lines, stay);
      const script = [
        's6-svc -wD -D /run/s6/services/once',
        's6-svstat -o up,normallyup /run/s6/services/once',
        'rm /var/run/s6/services/off/down',
        'touch /run/s6/services/web/down',
        'echo 123 >/run/s6/services/web/timeout-kill',
        'for each in web off; do s6-svc -r /run/s6/services/$each; done; s6-svc -wu -u /run/s6/services/off',
        'for each in web off; do s6-svstat -o normallyup /run/s6/services/$each; done',
        '/run/s6/services/web/data/check && /run/s6/legacy-services/web/data/check && echo checked',
      ].join('\n');
      await using box = await container({
        ...asInAnImage,
        without,
        tree: {
          'services.d/once/run': idle(),
          'services.d/off/run': idle(),
          'services.d/off/down': '',
          'services.d/web/run': idle(),
          'services.d/web/timeout-kill': '9000',
          'services.d/web/data/check': sh('exit 0'),
        },
        command: ['sh', '-c', script],
      });
      const { stdout, verdict } = await box.ended;
      assert.deepEqual(stdout, ['false false', 'false', 'true', 'checked']);
      assert.equal(verdict?.reason, 'command');
      const files = ['once/down', 'web/down', 'off/down'].filter((name) =>
        existsSync(join(box.root, 'services.d', name)),
      );
      assert.deepEqual(files, ['off/down']);
      const timeout = readFileSync(join(box.root, 'services.d/web/timeout-kill'), 'utf8');
      assert.equal(timeout, '9000');
    },
  'a supervisor under the account nobody answers requests of root': {
    skip: noNobody,
    test: async () => {
      await using box = await container({
        ...asInAnImage,
        tree: { 'services.d/web/run': sh('echo runs', stay), 'cont-finish.d/10': sh('echo bye') },
        user: 'nobody',
      });
      await box.until('runs');
      const up = await execAsRoot(box, '/run/s6/bin/s6-svstat', '-u', '/run/s6/services/web');
      assert.deepEqual(up, [0, 'true\n', '']);
      assert.deepEqual(await execAsRoot(box, '/run/s6/basedir/bin/halt'), [0, '', '']);
      const end = await box.ended;
      assert.deepEqual([end.code, end.stdout, end.left], [0, ['runs', 'bye'], []]);
    },
  },
  's6-svstat, s6-svc, s6-svwait and s6-svok work by every name of the directory of a service':
    async () => {
      const command = [
        's6-svstat -o up,wantedup /run/s6/services/web',
        's6-svc -wD -d /var/run/s6/services/web',
        's6-svstat -o up,wantedup,signal /run/service/web',
        's6-svwait -t 200 -u /run/s6/services/web || echo "svwait: $?"',
        's6-svc -wu -u /run/s6/legacy-services/web',
        's6-svwait -u -t 5000 /run/s6/services/web && echo up',
        's6-svok /run/s6/services/web && echo there',
        's6-svok /run/s6/services/wob || echo "svok: $?"',
        'cd /run/s6/services/web && test -x run && s6-svstat -u .',
        's6-svc -d /etc || echo "svc: $?"',
      ].join('\n');
      await using box = await container({
        ...asInAnImage,
        without,
        command: ['sh', '-c', command],
        tree: { 'services.d/web/run': { content: sh('exec sleep 600'), mode: 0o755 } },
      });
      const { stdout, stderr, code } = await box.ended;
      assert.deepEqual(stdout, [
        'true true',
        'false false SIGTERM',
        'svwait: 99',
        'up',
        'there',
        'svok: 1',
        'true',
        'svc: 111',
      ]);
      assert.match(stderr.join('\n'), /the real s6-svc is not installed/);
      assert.equal(code, 0);
    },
  's6-svscanctl -an starts a new service and stops one that is gone': async () => {
    await using box = await container({
      ...asInAnImage,
      tree: {
        'services.d/web/run': sh(
          'until test -e "$WORK/go"; do sleep 0.05; done',
          's6-svscanctl -an /run/s6/services',
          'exec sleep 600',
        ),
        'services.d/old/run': sh('trap "echo old ends; exit" TERM', 'echo old runs', stay),
      },
    });
    await box.until('old runs');
    await box.remove('services.d/old');
    await box.write({ 'services.d/new/run': sh('echo new runs', 'exec sleep 600') });
    box.leave('go');
    await box.until('new runs');
    await box.until('old ends');
  },
});
