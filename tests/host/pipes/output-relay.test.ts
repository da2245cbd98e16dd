/*
 * The output of a tree's processes arrives, whatever kind of streams the host's stdout and stderr are.
 */
import assert from 'node:assert/strict';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { bundle } from '../../container/bundle.ts';
import { unlessInCI } from '../../skipping.ts';
import { read, until } from '../../processes.ts';
import { testFolder, whoRuns } from '../folder.ts';
import { printed } from './output-lives.ts';
import { without } from '../shells.ts';
import { hostOf, testEachWay } from '../ways.ts';

const host = bundle(new URL('output-host.ts', import.meta.url));
/** The timeout of a host in milliseconds. */
const within = 60_000;

/** A host with the streams that a test gives it. */
interface Host {
  readonly child: ChildProcess;
  readonly gates: string;
  /** Its reports, line by line. */
  report(): readonly string[];
  open(gate: string): void;
  reaches(gate: string): Promise<void>;
  readonly over: Promise<number | NodeJS.Signals | null>;
}

interface Setting {
  readonly scene: string;
  readonly with?: string;
  readonly stdio: StdioOptions;
  /** Arguments before those of the host. */
  readonly wrapper?: readonly string[];
}

async function start(
  t: TestContext,
  { scene, stdio, wrapper = [], ...more }: Setting,
): Promise<Host> {
  const gates = await testFolder(t);
  chmodSync(gates, 0o777);
  const words = [process.execPath, host, scene];
  const [program = '', ...args] = [...hostOf(t), ...wrapper, ...words];
  const env = { ...process.env, GATES: gates, TMPDIR: gates, WITH: more.with ?? '' };
  const child = spawn(program, args, { stdio, env, timeout: within });
  t.after(() => child.kill('SIGKILL'));
  return {
    child,
    gates,
    report: () => read(join(gates, 'report')).split('\n').slice(0, -1),
    open(gate) {
      writeFileSync(join(gates, gate), '');
    },
    reaches: (gate) => until(() => existsSync(join(gates, gate)), gate, within),
    over: new Promise((resolve) => {
      child.once('close', (code, signal) => resolve(code ?? signal));
    }),
  };
}

/** Collects the output of streams. */
function collect(streams: readonly (NodeJS.ReadableStream | null | undefined)[]): () => Buffer {
  const pieces: Buffer[] = [];
  for (const stream of streams) stream?.on('data', (piece: Buffer) => pieces.push(piece)).resume();
  return () => Buffer.concat(pieces);
}

/** A pipe, not the socket that Node makes. */
const byPipes = ['sh', '-c', '"$@" 2>&1 | cat', 'sh'];
/** Its temporary directory is accessible to every account. */
const asOther = 'env TMPDIR=/tmp setpriv --reuid=65534 --regid=65534 --clear-groups'.split(' ');
const withoutProc = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh'];

function whyNoMounts(): string | false {
  if (whoRuns.root !== false) return whoRuns.root;
  const [program = '', ...words] = withoutProc;
  const { status, stderr } = spawnSync(program, [...words, 'true'], { encoding: 'utf8' });
  return status === 0 ? false : unlessInCI(`no mount namespaces here: ${stderr.trim()}`);
}

const isRoot = whoRuns.root === false;
/** Root can start others, by programs that may be missing. */
const asRoot = isRoot && without('setpriv') === false ? ' user' : '';
const needsSetpriv = isRoot ? without('setpriv') : whoRuns.root;

function assertPrinted(output: Buffer, abilities: string): void {
  const expected = printed(abilities);
  const sorted = Buffer.from(output.filter((byte) => byte !== 0x0d)).sort();
  assert.equal(sorted.length, expected.length);
  assert.ok(sorted.equals(expected));
}

interface Kind {
  readonly name: string;
  readonly with: string;
  readonly wrapper?: readonly string[];
  readonly skip?: string | false;
}

const kinds: readonly Kind[] = [
  { name: 'sockets', with: `open${asRoot}` },
  { name: 'a pipe of its own', with: `open${asRoot}`, wrapper: byPipes },
  {
    name: 'a pipe of another account',
    with: 'open',
    wrapper: [...byPipes, ...asOther],
    skip: needsSetpriv,
  },
  { name: 'sockets, without /proc', with: '', wrapper: withoutProc, skip: whyNoMounts() },
  {
    name: 'a pipe, without /proc',
    with: '',
    wrapper: [...byPipes, ...withoutProc],
    skip: whyNoMounts(),
  },
  {
    name: 'a terminal',
    with: 'open',
    wrapper: ['sh', '-c', 'exec script -qec "$*" /dev/null', 'sh'],
    skip: without('script'),
  },
];

void describe('all that any process prints arrives', { concurrency: 2 }, () => {
  for (const { name, with: abilities, wrapper = [], skip = false } of kinds) {
    testEachWay(`through ${name}`, { skip }, async (t) => {
      const setting = {
        scene: 'life',
        with: abilities,
        wrapper,
        stdio: ['ignore', 'pipe', 'pipe'],
      };
      const { child, over, report } = await start(t, setting as Setting);
      const output = collect([child.stdout, child.stderr]);
      await over;
      assertPrinted(output(), abilities);
      assert.deepEqual(
        report().filter((line) => line.includes(' /dev/')),
        [],
      );
    });
  }

  testEachWay('into a file', async (t) => {
    const folder = await testFolder(t);
    const file = openSync(join(folder, 'file'), 'w');
    const setting = { scene: 'life', with: `open${asRoot}`, stdio: ['ignore', file, file] };
    const { over } = await start(t, setting as Setting);
    assert.equal(await over, 4);
    closeSync(file);
    assertPrinted(readFileSync(join(folder, 'file')), setting.with);
  });

  testEachWay('and a host that was given no stdout has none, which harms nothing', async (t) => {
    const setting = { scene: 'life', with: 'open', stdio: 'inherit', wrapper: closing };
    const { over } = await start(t, setting as Setting);
    assert.equal(await over, 4);
  });

  test('from a Worker thread', async (t) => {
    const setting = { scene: 'worker', with: 'open', stdio: ['ignore', 'pipe', 'pipe'] };
    const { child, over } = await start(t, setting as Setting);
    const output = collect([child.stdout, child.stderr]);
    await over;
    assertPrinted(output(), 'open');
  });
});

const closing = ['sh', '-c', 'exec "$@" >&- 2>&-', 'sh'];

void describe('a host with a socket as stdout', { concurrency: 2 }, () => {
  testEachWay('turns while a reader is slow, and loses nothing', async (t) => {
    const { child, over, report, reaches } = await start(t, {
      scene: 'slow',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await reaches('turned');
    const output = collect([child.stdout]);
    await over;
    assert.deepEqual(report(), ['big 0', 'calm SIGTERM']);
    assert.equal(output().length, 1_000_001 + 1_988_895);
  });

  testEachWay(
    'survives the exit of its reader, which services notice by an error of the system',
    async (t) => {
      const { child, over, report } = await start(t, {
        scene: 'gone',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout?.once('data', () => child.stdout?.destroy());
      assert.equal(await over, 0);
      assert.deepEqual(report().slice(1), ['big SIGPIPE', 'later SIGTERM', 'stopped']);
      assert.match(report()[0] ?? '', /^output-failed \/dev\/stdout .*EPIPE.* \d+ bytes/);
    },
  );

  testEachWay('stops although its reader reads nothing, and tells what is lost', async (t) => {
    const { child, over, report } = await start(t, {
      scene: 'stuck',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout?.pause();
    const exit = new Promise((resolve) => child.once('exit', resolve));
    await exit;
    assert.match(report().join('\n'), /output-failed \/dev\/stdout .*takes nothing, and \d+ bytes/);
    assert.equal(report().at(-1), 'stopped');
    child.stdout?.resume();
    await over;
  });

  testEachWay('that ends without a stop has passed on what was written', async (t) => {
    const { child, over } = await start(t, {
      scene: 'leave',
      with: 'wrote',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const output = collect([child.stdout]);
    assert.equal(await over, 3);
    assert.equal(output().length, 288_894 + 'small\n'.length);
  });
});

void describe('a host with the same socket as stdin', () => {
  testEachWay('turns while its command reads the same socket', async (t) => {
    const { socket, client, close } = await connection(t);
    const { over, open, reaches } = await start(t, {
      scene: 'input',
      stdio: [socket, socket, 'inherit'],
    });
    socket.destroy();
    const output = collect([client]);
    client.write('one\n');
    await until(() => output().includes('got one\n'), 'the answer of the command', within);
    client.pause();
    open('go');
    await reaches('turned');
    client.resume();
    client.end('two\n');
    assert.equal(await over, 0);
    await close();
    assert.equal(output().length, 'xgot one\ntwo\n'.length + 1_000_000);
  });
});

/** Both ends of a socket. */
async function connection(
  t: TestContext,
): Promise<{ socket: Socket; client: Socket; close: () => Promise<void> }> {
  const path = join(await testFolder(t), 'socket');
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect({ path, allowHalfOpen: true });
  const socket = await connected;
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  server.close();
  return {
    socket,
    client,
    async close() {
      await ended;
      client.destroy();
    },
  };
}

testEachWay('a log pipe is shared without /proc, too', { skip: whyNoMounts() }, async (t) => {
  const { over, report, gates } = await start(t, {
    scene: 'log',
    stdio: 'inherit',
    wrapper: withoutProc,
  });
  assert.equal(await over, 0);
  assert.deepEqual(report(), ['big 0', 'left 0']);
  assert.equal(readFileSync(join(gates, 'log')).length, 288_894 + 'from node\n'.length);
});
