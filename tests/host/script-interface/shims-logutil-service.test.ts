import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { logger } from '../../../lib/host/shims/logger.ts';
import { writer } from '../../../lib/host/shims/log-writer.ts';
import { childrenOf, isAlive, read, until } from '../../processes.ts';
import { plant, whoRuns } from '../folder.ts';
import { rig } from '../rig.ts';
import { findProgram, shells, without } from '../shells.ts';
import { tools } from '../tools.ts';
import type { Ran, RunOptions, Tools } from '../tools.ts';

const usual = 'sh env id cat date wc mkfifo mkdir rm mv chmod sleep'.split(' ');

/** The common implementations of awk, as `awk` on the PATH. */
const awks = [
  { name: 'mawk', skip: without('mawk') },
  { name: 'gawk', skip: without('gawk') },
  { name: 'busybox', skip: without('busybox') },
];

/** A folder of tools with a folder that every account may write to. */
interface Logging extends Tools {
  readonly logs: string;
  log(directives: string, input: string, options?: RunOptions): Ran;
}

async function logging(
  t: TestContext,
  awk: string | undefined,
  ...more: readonly string[]
): Promise<Logging> {
  const programs = ['setpriv', 'flock', ...more].filter((name) => without(name) === false);
  const box = await tools(t, ...usual, ...programs);
  if (awk === 'busybox') box.fake('awk', `exec ${findProgram('busybox')} awk "$@"`);
  else if (awk !== undefined) box.alias('awk', findProgram(awk) ?? awk);
  const parent = join(box.folder, 'logs');
  mkdirSync(parent);
  chmodSync(parent, 0o777);
  const logs = join(parent, 'web');
  return {
    ...box,
    logs,
    log(directives, input, options) {
      box.environment.set('S6_LOGGING_SCRIPT', directives);
      return box.run(['logutil-service', logs], { ...options, input });
    },
  };
}

/** A process that continues to write lines to a logger. */
function start(
  t: TestContext,
  { shims, variables }: Tools,
  ...args: readonly string[]
): ChildProcess {
  const child = spawn(join(shims, 'logutil-service'), args, {
    env: variables,
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  t.after(() => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  });
  return child;
}

/** Both ends of a FIFO, which loggers may read one after the other. */
function makePipe(t: TestContext, { folder }: Tools): number {
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const pipe = openSync(fifo, 'r+');
  t.after(() => closeSync(pipe));
  return pipe;
}

/** A logger without the shim around it. */
interface Launched {
  readonly child: ChildProcess;
  /** Its exit code and its stderr. */
  readonly end: () => Promise<readonly [number | null, string]>;
}

/** Starts a logger, under the account `nobody` when this process is root. */
function launch(
  t: TestContext,
  { folder, logs, variables }: Logging,
  [shell = '', ...words]: readonly string[],
  pipe: number,
  ...directives: readonly string[]
): Launched {
  const awk = join(folder, 'tools/awk');
  const args = [...words, '-c', logger, 'logger', awk, writer, logs, ...directives];
  const child = spawn(shell, args, {
    env: variables,
    stdio: [pipe, 'ignore', 'pipe'],
    detached: true,
    ...(whoRuns.root === false && { uid: 65_534, gid: 65_534 }),
  });
  let stderr = '';
  let closed = false;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.on('close', () => (closed = true));
  t.after(() => {
    if (!closed && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  });
  return {
    child,
    async end() {
      await until(() => closed, 'the end of a logger');
      return [child.exitCode, stderr];
    },
  };
}

const ended = (child: ChildProcess): Promise<readonly unknown[]> =>
  new Promise((resolve) => {
    child.on('exit', (...how) => resolve(how));
  });

const currentOf = ({ logs }: Logging): string => read(join(logs, 'current'));
const archivesOf = ({ logs }: Logging): readonly string[] =>
  readdirSync(logs)
    .filter((name) => name.startsWith('@'))
    .sort();
const everything = (box: Logging): string =>
  [...archivesOf(box), 'current'].map((name) => read(join(box.logs, name))).join('');
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test(
  's6-log writes the log if it is installed',
  { skip: without('s6-log', 'setpriv') },
  async (t) => {
    const box = await logging(t, undefined, 's6-log', 's6-setuidgid');
    assert.deepEqual(box.log('n3 t -drop', 'keep\ndrop\n'), { code: 0, stdout: '', stderr: '' });
    assert.match(currentOf(box), /^@4\p{Hex_Digit}{23} keep\n$/u);
    assert.ok(existsSync(join(box.logs, 'state')));
    box.environment.delete('S6_LOGGING_SCRIPT');
    box.run(['logutil-service', box.logs], { input: 'default\n' });
    assert.match(currentOf(box), /\n[\d-]{10} [\d:]{8}\.\d{9}  default\n$/);
  },
);

for (const { name, skip } of awks) {
  test(
    `${name} writes the lines with their stamps, and the last one without a newline`,
    { skip },
    async (t) => {
      const box = await logging(t, name);
      const before = Date.now();
      assert.deepEqual(box.log('n20 s1000000 T', 'one\n\n  two \\n "$HOME" %s\tß\nlast'), {
        code: 0,
        stdout: '',
        stderr: '',
      });
      const text = currentOf(box);
      const stamp = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}000  /gm;
      assert.equal(text.replaceAll(stamp, ''), 'one\n\n  two \\n "$HOME" %s\tß\nlast\n');
      const at = Date.parse(text.slice(0, 23).replace(' ', 'T'));
      assert.ok(at >= before - 1100 && at <= Date.now() + 20, `${at} is between ${before} and now`);
      assert.deepEqual(readdirSync(box.logs).sort(), ['current', 'lock']);
      assert.equal(modeOf(box.logs), '700');
      assert.equal(modeOf(join(box.logs, 'current')), '744', 'it was ended well');
      box.log('t T', 'more\n');
      assert.match(currentOf(box), /last\n@40000000\p{Hex_Digit}{16} \d{4}-.*\.\d{9}  more\n$/u);
      box.log('', 'plain');
      assert.match(currentOf(box), /\nplain\n$/);
    },
  );

  test(`${name} makes archives by size, and keeps the newest`, { skip }, async (t) => {
    const box = await logging(t, name);
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}`.padEnd(99, '.'));
    const input = lines.map((line) => `${line}\n`).join('');
    assert.equal(box.log('n3 s12000', input).code, 0);
    assert.equal(archivesOf(box).length, 3);
    for (const archive of archivesOf(box)) {
      assert.match(archive, /^@40000000\p{Hex_Digit}{16}\.s$/u);
      assert.equal(statSync(join(box.logs, archive)).size, 10_000, 'as soon as 2000 are missing');
      assert.equal(modeOf(join(box.logs, archive)), '744');
    }
    assert.equal(everything(box), input.slice(-30_000));
    box.log('n3 s12000', 'x'.repeat(20_000));
    assert.equal(archivesOf(box).length, 3);
    box.log('n0 s1', 'x'.repeat(3000));
    assert.deepEqual(archivesOf(box).length, 0, 'less than 4096 is 4096, and n0 keeps none');
  });

  test(
    `${name}: the file of a killed logger is archived with the suffix .u (case 56)`,
    { skip },
    async (t) => {
      const box = await logging(t, name);
      box.log('', 'well\n');
      box.log('', 'ended\n');
      assert.equal(currentOf(box), 'well\nended\n');
      chmodSync(join(box.logs, 'current'), 0o644);
      box.log('n2', 'anew\n');
      const [archive = '', ...others] = archivesOf(box);
      assert.match(archive, /^@40000000\p{Hex_Digit}{16}\.u$/u);
      assert.deepEqual(others, []);
      assert.equal(read(join(box.logs, archive)), 'well\nended\n');
      assert.equal(currentOf(box), 'anew\n');
    },
  );

  test(`${name}: each line is written at once, and TERM loses none`, { skip }, async (t) => {
    const box = await logging(t, name);
    box.environment.set('S6_LOGGING_SCRIPT', '');
    const child = start(t, box, box.logs);
    for (const line of ['one', 'two', 'three']) {
      child.stdin?.write(`${line}\n`);
      await until(() => currentOf(box).endsWith(`${line}\n`), line);
    }
    child.stdin?.write(`${'many\n'.repeat(2000)}half`);
    child.kill('SIGTERM');
    assert.deepEqual(await ended(child), [0, null]);
    assert.equal(currentOf(box), `one\ntwo\nthree\n${'many\n'.repeat(2000)}half\n`);
    assert.equal(modeOf(join(box.logs, 'current')), '744');
  });
}

const many = 3000;

/** A shell script that writes so many lines, with a pause now and then. */
const producer = `n=0
while [ $n -lt ${many} ]; do
  n=$((n + 1)); echo "line $n"; [ $((n % 100)) -ne 0 ] || sleep 0.01
done`;

for (const { name, words, skip } of shells) {
  const reason = skip === false ? without('awk', 'mkfifo') : skip;
  test(`under ${name} loggers follow one another without a loss`, { skip: reason }, async (t) => {
    const box = await logging(t, undefined);
    const pipe = makePipe(t, box);
    const [shell = '', ...rest] = words;
    const awk = findProgram('awk') ?? '';
    const args = [...rest, '-c', logger, 'logger', awk, writer, box.logs, 's8192', 'n99'];
    const isComplete = (): boolean => currentOf(box).endsWith(`line ${many}\n`);
    const messages: string[] = [];
    const produced = ended(spawn('sh', ['-c', producer], { stdio: ['ignore', pipe, 'inherit'] }));
    for (const life of ['first', 'second', 'third', 'last']) {
      const before = currentOf(box);
      const child = spawn(shell, args, { stdio: [pipe, 'ignore', 'pipe'] });
      child.stderr?.on('data', (chunk) => messages.push(String(chunk)));
      if (life === 'last') await produced;
      await until(() => isComplete() || (life !== 'last' && currentOf(box) !== before), life);
      child.kill('SIGTERM');
      const [code, signal] = await ended(child);
      assert.ok(code === 0 || signal === 'SIGTERM', 'as it should, or before it had begun');
    }
    const expected = Array.from({ length: many }, (_, index) => `line ${index + 1}\n`);
    assert.equal(everything(box), expected.join(''));
    assert.deepEqual(messages, []);
  });
}

/** What a `cat` may do instead of passing a first line on, and the message of the logger. */
const failures = [
  { what: 'cannot start', cat: 'exit 127', says: 'logger: fatal: cat ended with 127\n' },
  { what: 'is killed', cat: 'kill -KILL $$', says: 'logger: fatal: cat ended with 137\n' },
  { what: 'hangs until TERM', cat: ': >../begun; exec sleep 60', says: '' },
];

for (const { name, words, skip } of shells) {
  const reason = skip === false ? without('awk', 'mkfifo') : skip;
  for (const { what, cat, says } of failures) {
    test(`under ${name} a reader that ${what} ends the logger`, { skip: reason }, async (t) => {
      const box = await logging(t, 'awk');
      const pipe = makePipe(t, box);
      writeSync(pipe, 'line\n');
      box.fake('cat', cat);
      const { child, end } = launch(t, box, words, pipe);
      if (says === '') {
        await until(() => existsSync(join(box.logs, '../begun')), 'its reader');
        // Again and again: a shell that is between its look for signals and its read goes on waiting.
        const isOver = (): boolean => child.exitCode !== null || !child.kill('SIGTERM');
        await until(isOver, 'the end of the logger');
      }
      assert.deepEqual(await end(), [says === '' ? 0 : 111, says]);
      assert.deepEqual(readdirSync(box.logs).sort(), ['current', 'lock']);
      assert.equal(modeOf(join(box.logs, 'current')), '744', 'there is nothing to put aside');
      box.fake('cat', `exec ${findProgram('cat')} "$@"`);
      const next = launch(t, box, words, pipe);
      await until(() => currentOf(box) === 'line\n', 'the line, which no process has read');
      next.child.kill('SIGTERM');
      assert.deepEqual(await next.end(), [0, '']);
    });
  }
}

/** A `cat` that delays its output. */
const slowCat = String.raw`
open(GATE, "<", $ARGV[0]);
for my $from (*GATE, *STDIN) {
  while (sysread($from, my $piece, 65536)) {
    select(undef, undef, undef, 0.3) if fileno($from) == 0;
    syswrite(STDOUT, $piece);
  }
}`;

test(
  'what its reader has in its hands is written too',
  { skip: without('awk', 'perl') },
  async (t) => {
    const box = await logging(t, 'awk');
    box.fake('cat', `exec ${findProgram('perl')} -e '${slowCat}' "$@"`);
    box.environment.set('S6_LOGGING_SCRIPT', '');
    const child = start(t, box, box.logs);
    child.stdin?.write('one\n');
    await until(() => currentOf(box) === 'one\n', 'a line');
    child.stdin?.write('two\n');
    child.kill('SIGTERM');
    assert.deepEqual(await ended(child), [0, null]);
    assert.equal(currentOf(box), 'one\ntwo\n');
  },
);

/** An account that may not read a program may not inspect its process, either: the `/proc/PID/io` of this `cat` is for root only. */
function hideReader({ folder }: Tools): void {
  const cat = join(folder, 'tools/cat');
  rmSync(cat);
  plant(cat, readFileSync(findProgram('cat') ?? ''), 0o111);
}

/** Lets a logger that has just been started log a line; the pids of its two children. */
async function begin(
  box: Logging,
  pipe: number,
  { child }: Launched,
): Promise<{ readonly reader: number; readonly awk: number }> {
  writeSync(pipe, 'begun\n');
  await until(() => currentOf(box) === 'begun\n', 'a line');
  const isReader = (pid: number): boolean => read(`/proc/${pid}/comm`) === 'cat\n';
  let children: readonly number[] = [];
  const look = (): number => (children = childrenOf(child.pid ?? 0)).length;
  await until(() => look() === 2, 'the end of what it runs beside them');
  const reader = children.find(isReader) ?? 0;
  const owners = [child.pid ?? 0, reader].map((pid) => statSync(`/proc/${pid}/io`).uid);
  assert.notEqual(owners[0], owners[1], 'it may not be looked into');
  return { reader, awk: children.find((pid) => !isReader(pid)) ?? 0 };
}

const waits = (pid = 0): boolean => /^State:\s*S/m.test(read(`/proc/${pid}/status`));

/** What tells that an awk waits for a program; not every kernel has it. */
const childList =
  !existsSync('/proc/thread-self/children') && 'this kernel has no lists of children';

/** An awk that does not get to run (it is stopped), and awks that wait for the end of a program. */
const busyAwks = [
  ...shells.map(({ name, words, skip }) => {
    const title = `under ${name}, with an awk that does not run`;
    return { title, words, awk: 'awk', skip: skip === false ? without('awk') : skip };
  }),
  ...awks.map(({ name, skip }) => {
    const title = `with a ${name} that makes an archive`;
    return {
      title,
      words: ['/bin/sh'],
      awk: name,
      skip: skip === false ? childList : skip,
      archive: true,
    };
  }),
].map((each) => ({ archive: false, ...each }));

for (const { title, words, awk: name, skip, archive } of busyAwks) {
  test(`without the kernel’s counts no line is lost, ${title}`, { skip }, async (t) => {
    const box = await logging(t, name);
    const pipe = makePipe(t, box);
    const at = (file: string): string => join(box.logs, '..', file);
    hideReader(box);
    box.fake('sleep', `echo >>../looks; exec ${findProgram('sleep')} "$@"`);
    const wait = '[ -e ../released ] || { : >../moving; read -r _ <../held; }';
    if (archive) box.fake('mv', `${wait}\nexec ${findProgram('mv')} "$@"`);
    execFileSync('mkfifo', ['-m', '666', at('held')]);
    const one = launch(t, box, words, pipe, 's60000', 'n99');
    const { reader, awk } = await begin(box, pipe, one);
    if (!archive) process.kill(awk, 'SIGSTOP');

    // More than awk and the pipe to it hold.
    const line = (_: unknown, index: number): string => `${`line ${index}`.padEnd(999, '.')}\n`;
    const lines = Array.from({ length: 250 }, line).join('');
    writeFileSync(at('lines'), lines);
    const producer = spawn('cat', [at('lines')], { stdio: ['ignore', pipe, 'inherit'] });
    t.after(() => producer.kill('SIGKILL'));
    const isWritten = (): boolean => producer.exitCode !== null || waits(producer.pid);
    const isBusy = (): boolean => !archive || existsSync(at('moving'));
    await until(() => isBusy() && waits(reader) && isWritten(), 'a full pipe');

    one.child.kill('SIGTERM');
    await until(() => read(at('looks')).length > 2 || !isAlive(reader), 'a few looks');
    if (archive) {
      writeFileSync(at('released'), '');
      writeFileSync(at('held'), '\n');
    } else {
      process.kill(awk, 'SIGCONT');
    }
    assert.deepEqual(await one.end(), [0, '']);
    const next = launch(t, box, words, pipe, 's60000', 'n99');
    writeSync(pipe, 'over\n');
    await until(() => currentOf(box).endsWith('over\n'), 'the last line');
    next.child.kill('SIGTERM');
    assert.deepEqual(await next.end(), [0, '']);
    assert.ok(everything(box) === `begun\n${lines}over\n`, 'no line is missing');
  });
}

test(
  'without a count the wait for an awk has an end, which is said',
  { skip: without('awk') },
  async (t) => {
    const box = await logging(t, 'awk');
    const pipe = makePipe(t, box);
    hideReader(box);
    box.fake('sleep', '');
    const one = launch(t, box, ['/bin/sh'], pipe);
    const { reader, awk } = await begin(box, pipe, one);
    process.kill(awk, 'SIGSTOP');
    one.child.kill('SIGTERM');
    await until(() => !isAlive(reader), 'the end of its reader');
    process.kill(awk, 'SIGCONT');
    const [code, stderr] = await one.end();
    assert.equal(code, 0);
    assert.match(
      stderr,
      /^logger: warning: stopped although there was no pause: .* may be lost\n$/,
    );
  },
);

test(
  'lines arrive through a FIFO while its writers open and close it',
  { skip: without('awk') },
  async (t) => {
    const box = await logging(t, 'awk');
    const fifo = join(box.folder, 'fifo');
    box.environment.set('S6_LOGGING_SCRIPT', '');
    execFileSync('mkfifo', [fifo]);
    const child = start(t, box, '-f', fifo, box.logs);
    for (const line of ['one\n', 'two\n']) {
      await writeFile(fifo, line);
      await until(() => currentOf(box).endsWith(line), line);
    }
    child.kill('SIGTERM');
    assert.deepEqual(await ended(child), [0, null]);
    assert.equal(box.run(['logutil-service', '-f', `${box.folder}/none`, box.logs]).code, 111);
  },
);

test(
  'as root it writes under the account nobody',
  { skip: whoRuns.root === false ? without('awk') : whoRuns.root },
  async (t) => {
    const box = await logging(t, 'awk');
    box.log('n1 s4096 T', 'line\n'.repeat(1000));
    const nobody = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));
    for (const name of ['', ...readdirSync(box.logs)]) {
      assert.equal(statSync(join(box.logs, name)).uid, nobody, name);
    }
  },
);

test('in a script the logger ends with its producer', { skip: without('awk') }, async (t) => {
  const { sh, folder } = await rig(t);
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'logs'));
  chmodSync(join(folder, 'logs'), 0o777);
  const life = sh(`echo hello | logutil-service ${folder}/logs`, { environment: { TZ: 'gone' } });
  assert.deepEqual(await life.over, { code: 0, signal: null }, life.told.join('\n'));
  assert.match(read(join(folder, 'logs/current')), /^[\d-]{10} [\d:]{8}\.\d{9}  hello\n$/);
});

test('each failure has a message', { skip: without('awk') }, async (t) => {
  const box = await logging(t, 'awk');
  const aside = box.log('n20 s1000000 T 1 -^debug', 'line\n');
  assert.equal(aside.code, 0);
  assert.match(
    aside.stderr,
    /^logutil-service: warning: ignored, .* no s6-log here: 1 -\^debug\n$/,
  );
  for (const directive of ['nmany', 's', 's-1']) {
    const { code, stderr } = box.log(directive, 'line\n');
    assert.deepEqual(
      [code, stderr],
      [100, `logutil-service: fatal: unrecognized directive: ${directive}\n`],
    );
  }
  const { run, logs, environment } = box;
  environment.delete('S6_LOGGING_SCRIPT');
  for (const words of [[], ['logs'], ['-x', logs], ['-f']]) {
    assert.equal(run(['logutil-service', ...words]).code, 100, words.join(' '));
  }
  writeFileSync(join(box.folder, 'logs/file'), '');
  const nowhere = run(['logutil-service', `${box.folder}/logs/file`]);
  assert.equal(nowhere.code, 111);
  assert.match(nowhere.stderr, /fatal: unable to make .*logs\/file/);
  const bare = await logging(t, undefined);
  const none = bare.log('', 'line\n');
  assert.equal(none.code, 111);
  assert.match(
    none.stderr,
    /fatal: there is neither s6-log nor awk here: install s6, mawk or gawk/,
  );
});

test(
  'a second logger in the same folder is rejected',
  { skip: without('awk', 'flock') },
  async (t) => {
    const box = await logging(t, 'awk');
    const child = start(t, box, box.logs);
    child.stdin?.write('line\n');
    await until(() => currentOf(box) !== '', 'a line');
    const second = box.log('', 'other\n');
    assert.equal(second.code, 111);
    assert.match(second.stderr, /fatal: unable to lock .*lock: another logger writes there/);
    child.stdin?.end();
    assert.deepEqual(await ended(child), [0, null]);
  },
);

test(
  'an awk without strftime is rejected at the start',
  { skip: without('original-awk') },
  async (t) => {
    const box = await logging(t, 'original-awk');
    const { code, stderr } = box.log('', 'line\n');
    assert.equal(code, 111);
    assert.match(
      stderr,
      /logutil-service: fatal: .*awk has no strftime: install mawk, gawk or s6\n$/,
    );
    assert.equal(existsSync(box.logs), false);
  },
);

test(
  'the folder is as s6-log leaves it',
  { skip: without('s6-log', 'setpriv', 'awk') },
  async (t) => {
    const look = (box: Logging): readonly string[] => {
      box.log('n2 s4096 t T', 'well\nended\n');
      box.log('n2 s4096 t', 'again\n');
      chmodSync(join(box.logs, 'current'), 0o644);
      box.log('n2 s4096', `${'x'.repeat(3000)}\n`);
      box.log('n2 s4096', 'after\n');
      const names = readdirSync(box.logs)
        .filter((name) => name !== 'state')
        .sort();
      return names.map((name) => {
        const path = join(box.logs, name);
        const text = read(path)
          .replaceAll(/@\p{Hex_Digit}{24}/gu, '@')
          .replaceAll(/\d/g, '0');
        return `${name.replace(/^@.{24}/, '@')} ${modeOf(path)} ${text}`;
      });
    };
    const awkLog = look(await logging(t, 'awk'));
    assert.deepEqual(awkLog, look(await logging(t, undefined, 's6-log')));
    assert.match(
      awkLog.join('\n'),
      /^@\.u 644 @ 0000-00-00 .* {2}well\n.*\n@\.s 744 x+\n\ncurrent 744 after\n/s,
    );
  },
);

test('an awk that fails ends the logger', { skip: without('awk') }, async (t) => {
  const box = await logging(t, undefined);
  box.fake('awk', '[ "$1" = -W ] || exit 2; echo GNU');
  const { code, stderr } = box.log('', 'line\n');
  assert.deepEqual([code, stderr], [111, 'logutil-service: fatal: awk ended with 2\n']);
  assert.equal(modeOf(join(box.logs, 'current')), '644', 'not ended well');
});
