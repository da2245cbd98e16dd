/*
 * Trees in the style of published images: scripts that are not executable, bash under with-contenv, configuration from
 * templates, services that init scripts add and remove, finish scripts that decide about the restart.
 */
import assert from 'node:assert/strict';
import { container, inContainers, missing, phase, service, sh, stay } from './rig.ts';

/** A script of mode 0644. */
function script(interpreter: string, ...lines: readonly string[]): Script {
  return { content: [`#!${interpreter}`, ...lines, ''].join('\n'), mode: 0o644 };
}

interface Script {
  readonly content: string;
  readonly mode: number;
}

const bash = (...lines: readonly string[]): Script =>
  script('/usr/bin/with-contenv bash', ...lines);

/** A web server with its configuration and its optional sshd, as in images for home servers. */
const webImage = {
  'defaults/site.conf': 'listen @PORT@;\nname @NAME@;\n',
  'cont-init.d/10-account': bash(
    'declare -i id=${PUID:-911}',
    'printf %s "$id" >"$STAGEKEEPER_RUNTIME/container_environment/APP_ID"',
    'echo "account: $id"',
  ),
  'cont-init.d/20-config': bash(
    'set -o errexit -o nounset -o pipefail',
    'sed "s/@PORT@/$PORT/; s/@NAME@/$NAME/" ../defaults/site.conf >"$WORK/site.conf"',
  ),
  'cont-init.d/30-optional': bash(
    'if [[ ${SSH_ENABLED,,} != true ]]; then rm -r ../services.d/sshd; fi',
  ),
  'services.d/web/run': bash(
    'read -r _ port <"$WORK/site.conf"',
    `trap 'echo "web closes"; exit 0' TERM`,
    'echo "web listens on ${port%;} for account $APP_ID"',
    stay,
  ),
  'services.d/web/finish': bash('echo "web ended with $1, signal $2"'),
  'services.d/sshd/run': bash('echo sshd runs', stay),
  'services.d/README.md': 'nothing',
  'cont-init.d/.gitkeep': '',
  'cont-finish.d/90-backup': bash('cp "$WORK/site.conf" "$WORK/backup"', 'echo backed up'),
};

inContainers('images that template their configuration', {
  'an init script writes the configuration from a template, another one removes a service':
    async () => {
      await using box = await container({
        tree: webImage,
        env: { PUID: '1000', PORT: '8080', NAME: 'a home', SSH_ENABLED: 'False' },
      });
      await box.until('web listens on 8080 for account 1000');
      await box.until(phase('running'));
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual(end.stdout, [
        'account: 1000',
        'web listens on 8080 for account 1000',
        'web closes',
        'web ended with 0, signal 0',
        'backed up',
      ]);
      assert.equal(box.read('backup'), 'listen 8080;\nname a home;\n');
      const change = end.events.find(({ type }) => type === 'tree');
      assert.deepEqual(change?.type === 'tree' && change.removed, ['sshd']);
      assert.deepEqual([end.code, end.stderr, end.left, end.files], [143, [], [], []]);
    },

  'the optional service runs when its variable enables it': async () => {
    await using box = await container({
      tree: webImage,
      env: { PORT: '8080', NAME: 'a home', SSH_ENABLED: 'True' },
    });
    await box.until('sshd runs');
    await box.until('web listens on 8080 for account 911');
    box.kill('SIGTERM');
    assert.equal((await box.ended).code, 143);
  },

  'an init script that lacks a variable ends the container under S6_BEHAVIOUR_IF_STAGE2_FAILS=2':
    async () => {
      await using box = await container({
        tree: { ...webImage, 'cont-finish.d/90-backup': bash('echo bye') },
        env: { PORT: '8080', S6_BEHAVIOUR_IF_STAGE2_FAILS: '2' },
      });
      const end = await box.ended;
      assert.deepEqual(end.stdout, ['account: 911', 'bye']);
      assert.match(end.stderr.join(), /NAME: unbound variable/);
      assert.deepEqual(end.verdict, {
        exitCode: 1,
        reason: 'init-failed',
        script: '20-config',
        killed: [],
      });
      assert.equal(end.code, 1);
    },

  ...Object.fromEntries(
    ['0', '1'].map((behaviour) => [
      // Under 1 s6-overlay v2 runs nothing further and idles; v3 goes on, as this library does.
      `with S6_BEHAVIOUR_IF_STAGE2_FAILS=${behaviour} everything else runs after an init script has failed (cases 7, 8)`,
      async () => {
        await using box = await container({
          tree: {
            'cont-init.d/10': sh('exit 42'),
            'cont-init.d/20': sh('echo 20'),
            'services.d/web/run': sh('echo web runs', stay),
          },
          env: { S6_BEHAVIOUR_IF_STAGE2_FAILS: behaviour },
        });
        await box.until('web runs');
        box.kill('SIGTERM');
        const end = await box.ended;
        assert.deepEqual([end.code, end.stdout], [143, ['20', 'web runs']]);
        const reported = end.events.flatMap((event) =>
          event.type === 'problem' ? [event.problem.code] : [],
        );
        assert.deepEqual(reported, ['script-failed']);
      },
    ]),
  ),

  'with S6_BEHAVIOUR_IF_STAGE2_FAILS=2 the exit code is that of the init script, and no command runs (case 9)':
    async () => {
      await using box = await container({
        tree: { 'cont-init.d/10': bash('exit 42'), 'cont-init.d/20': sh('echo never') },
        command: ['echo', 'never'],
        env: { S6_BEHAVIOUR_IF_STAGE2_FAILS: '2' },
      });
      const end = await box.ended;
      assert.deepEqual([end.code, end.verdict?.reason, end.stdout], [42, 'init-failed', []]);
    },
});

/** Prints how often it has been started: exits with 0, then dies of KILL, then exits with 7. */
const failing = bash(
  'read -r starts <"$WORK/starts" || starts=0',
  'echo $((starts + 1)) >"$WORK/starts"',
  'echo "start $((starts + 1))"',
  'case $starts in',
  '  0) exit 0 ;;',
  '  1) kill -KILL $$ ;;',
  '  *) exit 7 ;;',
  'esac',
);

inContainers('images with services that decide about their restart', {
  'a service that an init script writes, and does not make executable, runs': async () => {
    await using box = await container({
      tree: {
        'cont-init.d/01-lifecycle': bash(
          'mkdir -p ../services.d/announce',
          `cat >../services.d/announce/run <<'END'`,
          '#!/command/with-contenv sh',
          'echo "announced by $GIVEN"',
          stay,
          'END',
        ),
      },
      env: { GIVEN: 'the add-on' },
    });
    await box.until('announced by the add-on');
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual([end.code, end.left], [143, []]);
  },

  'a finish script restarts an essential service twice by its arguments, then ends the container by 125':
    async () => {
      await using box = await container({
        tree: {
          'services.d/app/run': failing,
          'services.d/app/finish': bash(
            'echo "ended with $1, signal $2: $3"',
            'if [[ $1 -ne 0 && $1 -ne 256 ]]; then exit 125; fi',
          ),
          'services.d/other/run': bash(`trap 'echo other ends; exit 0' TERM`, stay),
          'cont-finish.d/10': bash('echo bye'),
        },
        options: { services: { app: { essential: true } } },
      });
      const end = await box.ended;
      assert.deepEqual(end.stdout, [
        ...['start 1', 'ended with 0, signal 0: app'],
        ...['start 2', 'ended with 256, signal 9: app'],
        ...['start 3', 'ended with 7, signal 0: app'],
        ...['other ends', 'bye'],
      ]);
      assert.deepEqual(end.verdict, {
        exitCode: 7,
        reason: 'essential',
        service: 'app',
        killed: [],
      });
      assert.deepEqual([end.code, end.left], [7, []]);
    },

  'a service of which the finish exits with 125 runs once, and one with a down file never':
    async () => {
      await using box = await container({
        tree: {
          'services.d/migrate/run': bash('echo migrated', 'exit 0'),
          'services.d/migrate/finish': bash('exit 125'),
          'services.d/manual/run': bash('echo never'),
          'services.d/manual/down': '',
          'services.d/web/run': bash('echo web runs', stay),
        },
      });
      await box.until(service('migrate', 'failed'));
      await box.until('web runs');
      await box.until(phase('running'));
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual(end.stdout.toSorted(), ['migrated', 'web runs']);
      assert.equal(end.code, 143);
    },

  'the command runs once s6-notifyoncheck has announced the readiness of a service': async () => {
    await using box = await container({
      tree: {
        'services.d/app/run': bash(
          `exec s6-notifyoncheck -d -n 300 -w 50 -c "test -e $WORK/port" sh -c 'touch "$WORK/port"; ${stay}'`,
        ),
        'services.d/app/notification-fd': '3',
      },
      command: ['sh', '-c', 'test -e "$WORK/port" && echo app listens; exit 3'],
      env: { S6_CMD_WAIT_FOR_SERVICES: '1' },
    });
    const end = await box.ended;
    assert.equal(end.events.some(service('app', 'ready')), true);
    assert.deepEqual([end.code, end.stdout, end.stderr], [3, ['app listens'], []]);
  },
});

/** A service that prints 500 lines, and one more when it stops. */
const printing = script(
  '/bin/sh',
  'i=0; while [ $i -lt 500 ]; do i=$((i + 1)); echo "line $i"; done',
  'trap "echo last line; exit 0" TERM',
  'echo ready >&2',
  stay,
);
const allItsLines = [
  ...Array.from({ length: 500 }, (_, i) => `line ${String(i + 1)}`),
  'last line',
];

/** Loggers that write all lines to a file in `$WORK`. */
const loggers = {
  's6-log': {
    program: 's6-log',
    run: 'exec s6-log n3 s10000000 "$WORK/logs"',
    file: 'logs/current',
  },
  'a loop of shell': {
    program: 'sh',
    run: 'while read -r line; do echo "$line"; done >"$WORK/log"',
    file: 'log',
  },
} as const;

inContainers('images that log', {
  ...Object.fromEntries(
    Object.entries(loggers).map(([name, { program, run, file }]) => [
      `${name} writes every line, also the one that the service prints at its stop`,
      {
        skip: missing(program),
        test: async (): Promise<void> => {
          await using box = await container({
            tree: {
              'services.d/web/run': printing,
              'services.d/web/log/run': script('/usr/bin/with-contenv sh', run),
            },
          });
          await box.until('ready');
          box.kill('SIGTERM');
          const end = await box.ended;
          assert.deepEqual(box.read(file).split('\n').slice(0, -1), allItsLines);
          assert.deepEqual([end.code, end.stdout, end.left], [143, [], []]);
        },
      },
    ]),
  ),
});

inContainers('images that use the tools of s6', {
  'scripts in execline run in every stage': {
    skip: missing('execlineb'),
    test: async () => {
      await using box = await container({
        tree: {
          'cont-init.d/10': script(
            '/usr/bin/execlineb -P',
            'importas -D nothing given GIVEN',
            'foreground { echo init for ${given} }',
            'exit 0',
          ),
          'services.d/web/run': script(
            '/usr/bin/execlineb -P',
            'fdmove -c 2 1',
            'foreground { echo web runs }',
            'sleep 600',
          ),
          'services.d/web/finish': script(
            '/usr/bin/execlineb -S0',
            'echo web ended with ${1} ${2}',
          ),
          'cont-finish.d/10': script('/usr/bin/execlineb -P', 'echo bye'),
        },
        env: { GIVEN: 'the test' },
      });
      await box.until('web runs');
      await box.until(service('web', 'up'));
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.deepEqual(end.stdout, [
        'init for the test',
        'web runs',
        'web ended with 256 15',
        'bye',
      ]);
      assert.deepEqual([end.code, end.stderr, end.left], [143, [], []]);
    },
  },

  's6-setuidgid runs a service under another account': {
    skip: missing('s6-setuidgid'),
    test: async () => {
      await using box = await container({
        tree: {
          'services.d/web/run': bash(
            `exec s6-setuidgid nobody sh -c 'echo "as $(id -u)"; ${stay}'`,
          ),
        },
      });
      await box.until('as 65534');
      box.kill('SIGTERM');
      assert.equal((await box.ended).code, 143);
    },
  },
});

inContainers('images and their environment', {
  'under S6_KEEP_ENV=0 only with-contenv scripts get the environment': async () => {
    await using box = await container({
      tree: {
        'cont-init.d/10-plain': script('/bin/sh', 'echo "10 has ${GIVEN-nothing}"'),
        'cont-init.d/20-asks': script('/usr/bin/with-contenv sh', 'echo "20 has ${GIVEN-nothing}"'),
        'services.d/plain/run': script(
          '/bin/sh',
          'echo "plain has ${GIVEN-nothing}"',
          'exec sleep 600',
        ),
        'services.d/asks/run': bash('echo "asks has ${GIVEN-nothing}"', 'exec sleep 600'),
      },
      env: { GIVEN: 'this', S6_KEEP_ENV: '0' },
    });
    for (const line of ['plain has nothing', 'asks has this']) await box.until(line);
    box.kill('SIGTERM');
    const end = await box.ended;
    assert.deepEqual(end.stdout.slice(0, 2), ['10 has nothing', '20 has this']);
    assert.deepEqual([end.code, end.left], [143, []]);
  },

  'services and the command get the variables that an init script writes to the container environment':
    async () => {
      await using box = await container({
        tree: {
          'cont-init.d/10': bash(
            'cd "$STAGEKEEPER_RUNTIME/container_environment"',
            'echo from init >LEFT',
            'rm GIVEN',
          ),
          'services.d/web/run': bash(
            'echo "web: ${LEFT-none}, ${GIVEN-none}" >"$WORK/web"',
            'echo >&3',
            stay,
          ),
          'services.d/web/notification-fd': '3',
        },
        command: ['sh', '-c', 'echo "command: ${LEFT-none}, ${GIVEN-none}"'],
        env: { GIVEN: 'this', S6_CMD_WAIT_FOR_SERVICES: '1' },
      });
      const end = await box.ended;
      assert.deepEqual([end.code, end.stdout], [0, ['command: from init, none']]);
      assert.equal(box.read('web'), 'web: from init, none\n');
    },
});
