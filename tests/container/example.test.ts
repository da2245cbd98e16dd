/*
 * The example for container images, as in an image: its init.ts is PID 1 of a container that has a private /run.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Container, ContainerOptions } from './rig.ts';
import { container, inContainers, noNobody, phase, sh } from './rig.ts';

const example = new URL('../../examples/container-init/', import.meta.url);
const dockerfile = readFileSync(new URL('Dockerfile', example), 'utf8');
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The files of a folder with their modes, as a tree literal. */
function treeIn(folder: URL): ContainerOptions['tree'] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(new URL(name, folder)).isFile());
  return Object.fromEntries(
    files.map((name) => {
      const file = new URL(name, folder);
      return [name, { content: readFileSync(file, 'utf8'), mode: statSync(file).mode & 0o777 }];
    }),
  );
}

const tree = treeIn(new URL('tree/', example));

function boot(options: Omit<ContainerOptions, 'tree'> = {}): Promise<Container> {
  return container({
    tree,
    host: new URL('example-init.ts', import.meta.url),
    ownRun: true,
    limit: 30_000,
    ...options,
    // The example writes to /run only: the image's /var/lib/web is not part of this container.
    env: { DATA: '/run/web', PORT: '0', ...options.env },
  });
}

/** The words of the HEALTHCHECK in a Dockerfile. */
function healthcheckIn(text: string): readonly string[] {
  const list = /^ *HEALTHCHECK(?: .*\\\n)? +CMD (\[.*\])$/m.exec(text)?.[1];
  return JSON.parse(list ?? assert.fail('there is no health check')) as string[];
}

const healthcheck = healthcheckIn(dockerfile);

/** Runs a command in a container, as `docker exec` and a health check do; returns its exit code and what it printed. */
async function inside(
  box: Container,
  words: readonly string[],
): Promise<{ code: number; stdout: string }> {
  const enter = ['--target', String(box.pid), '--pid', '--mount', ...words];
  try {
    const { stdout } = await promisify(execFile)('nsenter', enter, { env: {}, timeout: 20_000 });
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout } = error as { code: unknown; stdout: string };
    if (typeof code !== 'number') throw error;
    return { code, stdout };
  }
}

/** The port that the web server listens on, read from its log. */
async function portOf(box: Container): Promise<string> {
  let port: string | undefined;
  for (let tries = 0; port === undefined; tries += 1) {
    assert.ok(tries < 200, 'the log does not name the port');
    const { stdout } = await inside(box, ['cat', '/run/web/log/current']);
    port = /listening on (\d+)/.exec(stdout)?.[1];
  }
  return port;
}

/** The problems among the lines of the example: each begins with a path. */
function problemsIn(stderr: readonly string[]): readonly string[] {
  return stderr.filter((line) => line.startsWith('init: /'));
}

inContainers('the example for container images', {
  'serves, is healthy, and on TERM stops in order with exit code 143 and leaves nothing':
    async () => {
      await using box = await boot({ env: { GREETING: 'good morning' } });
      await box.until('init: running');
      const answer = await fetch(`http://127.0.0.1:${await portOf(box)}/`);
      assert.equal(await answer.text(), 'good morning\n');
      assert.deepEqual(await inside(box, healthcheck), { code: 0, stdout: '' });
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.equal(end.code, 143, end.stderr.join('\n'));
      assert.match(end.stdout.join('\n'), /^the last line of the log: .* GET \/$/);
      assert.equal(end.stderr.at(-1), 'init: exit code 143 (signal)');
      assert.deepEqual([end.left, end.files], [[], []]);
      assert.deepEqual(problemsIn(end.stderr), []);
    },

  'a web server that is killed ends the container, with its exit code': async () => {
    await using box = await boot();
    await box.until('init: running');
    await portOf(box);
    const web = box.processes().find(({ name, pid }) => name === 'node' && pid !== 1);
    process.kill(web?.outside ?? assert.fail(), 'SIGKILL');
    const end = await box.ended;
    assert.equal(end.code, 137, end.stderr.join('\n'));
    assert.equal(end.stderr.at(-1), 'init: exit code 137 (requested)');
    assert.deepEqual([end.left, end.files], [[], []]);
  },

  'a web server that cannot start ends the container, with its exit code': async () => {
    await using box = await boot({ env: { PORT: '70000' } });
    const end = await box.ended;
    assert.equal(end.code, 1, end.stderr.join('\n'));
    assert.deepEqual([end.left, end.files], [[], []]);
  },

  'is unhealthy while the web server is down': async () => {
    await using box = await boot();
    await box.until('init: running');
    // Its finish script would end the container, so it is removed first.
    await box.remove('services.d/web/finish');
    await inside(box, ['/run/s6/bin/s6-svc', '-wD', '-d', '/run/s6/services/web']);
    assert.equal((await inside(box, healthcheck)).code, 99);
    await inside(box, ['/run/s6/bin/s6-svc', '-wU', '-u', '/run/s6/services/web']);
    assert.equal((await inside(box, healthcheck)).code, 0);
  },

  'the health check of the README works for a service without readiness': async () => {
    await using box = await container({
      tree: { 'services.d/web/run': sh('exec sleep 600') },
      ownRun: true,
      options: { runtimeDirectory: '/run/s6' },
    });
    await box.until(phase('running'));
    assert.deepEqual(await inside(box, healthcheckIn(readme)), { code: 0, stdout: '' });
    await inside(box, ['/run/s6/bin/s6-svc', '-wD', '-d', '/run/s6/services/web']);
    assert.equal((await inside(box, healthcheckIn(readme))).code, 99);
    // With its only service down the host keeps waiting for signals and commands.
    box.kill('SIGTERM');
    assert.equal((await box.ended).code, 143);
  },

  'the exit code of the command is that of the container, and orphans are reaped': async () => {
    const command = ['sh', '-c', 'until test -e /run/end; do sleep 0.1; done; exit 3'];
    await using box = await boot({ command });
    await box.until('init: running');
    // Its parent exits before it, so process 1 becomes its parent.
    const orphan = 'until test -e /run/go; do sleep 0.02; done; : >/run/gone';
    await inside(box, ['sh', '-c', `sh -c '${orphan}' >/run/out 2>&1 &`]);
    await inside(box, ['sh', '-c', ': >/run/go; until test -e /run/gone; do sleep 0.02; done']);
    writeFileSync(`/proc/${String(box.pid)}/root/run/end`, '');
    const end = await box.ended;
    assert.equal(end.code, 3, end.stderr.join('\n'));
    assert.equal(end.stderr.at(-1), 'init: exit code 3 (command)');
    assert.deepEqual([end.left, end.files], [[], []]);
  },

  'runs and stops under the account nobody, with a read-only root': {
    skip: noNobody,
    test: async () => {
      await using box = await boot({ user: 'nobody', readOnlyRoot: true });
      await box.until('init: running');
      await portOf(box);
      box.kill('SIGTERM');
      const end = await box.ended;
      assert.equal(end.code, 143, end.stderr.join('\n'));
      assert.deepEqual(problemsIn(end.stderr), []);
      assert.deepEqual([end.left, end.files], [[], []]);
    },
  },
});
