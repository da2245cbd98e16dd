/*
 * Log pipes between real processes: each line arrives once and complete, whichever process dies in between.
 */
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test as testOnce } from 'node:test';
import { openDescriptors, read, until, openedSince } from '../../processes.ts';
import type { Life, Rig } from '../rig.ts';
import { rig, sleeps, waitFor } from '../rig.ts';
import { testEachWay as test } from '../ways.ts';

const logger = {
  name: 'web/log',
  stdin: { pipe: 'web' },
  stdout: 'ignore',
  stderr: 'ignore',
} as const;
const producer = { name: 'web', stdout: { pipe: 'web' } } as const;

/** Writes a number of lines, each with its number. */
const lines = (count: number, from = 1): string =>
  `i=${from - 1}; while [ $i -lt ${from + count - 1} ]; do i=$((i + 1)); echo "line $i"; done`;

/** Appends to a file with one write for each line, so that the file contains exactly the lines that were read. */
const keep = (file: string): string => `while read -r line; do echo "$line"; done >> ${file}`;

const numbered = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);

const linesOf = (file: string): readonly string[] => read(file).split('\n').slice(0, -1);

function set(made: Rig): { file: string; log: () => Life; write: (script: string) => Life } {
  const file = join(made.folder, 'lines');
  return {
    file,
    log: () => made.sh(keep(file), logger),
    write: (script) => made.sh(script, producer),
  };
}

test('the logger gets the output of the producer, and exits last', async (t) => {
  const made = await rig(t);
  const { file, log, write } = set(made);
  const [reader, writer] = [log(), write(lines(100))];
  await writer.over;
  made.spawner.closePipe('web');
  assert.deepEqual(await reader.over, { code: 0, signal: null });
  assert.deepEqual(linesOf(file), numbered(1, 100));
});

test('a producer can start before its logger', async (t) => {
  const made = await rig(t);
  const { file, log, write } = set(made);
  await write(lines(2000)).over;
  made.spawner.closePipe('web');
  await log().over;
  assert.deepEqual(linesOf(file), numbered(1, 2000));
});

test('a restarted producer writes to the same logger through the same pipe', async (t) => {
  const made = await rig(t);
  const { file, log, write } = set(made);
  const reader = log();
  for (const from of [1, 11, 21]) await write(lines(10, from)).over;
  await write('echo before its finish').over;
  await made.sh('echo from its finish', { ...producer, name: 'web/finish' }).over;
  assert.equal(reader.exit, undefined);
  made.spawner.closePipe('web');
  await reader.over;
  assert.deepEqual(linesOf(file), [...numbered(1, 30), 'before its finish', 'from its finish']);
});

test('of more than 20 000 lines none is lost except those that killed loggers had read, none is torn, none arrives twice', async (t) => {
  const made = await rig(t);
  const kills = 5;
  const files = Array.from({ length: kills + 1 }, (_, index) =>
    join(made.folder, `lines.${index}`),
  );
  const log = (file: string): Life => made.sh(`exec cat > ${file}`, logger);
  const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  // Writes until the last kill is over, since a killed logger may lose everything that has been written.
  const over = join(made.folder, 'over');
  const writer = set(made).write(
    `i=0; while [ ! -e ${over} ] || [ $i -lt 20000 ]; do i=$((i + 1)); echo "line $i"; done; echo 'the end'`,
  );
  for (const file of files.slice(0, kills)) {
    const reader = log(file);
    await until(() => sizeOf(file) > 0, `lines in ${file}`);
    reader.kill('SIGKILL');
    await reader.over;
  }
  const last = log(files[kills] ?? '');
  writeFileSync(over, '');
  await writer.over;
  made.spawner.closePipe('web');
  await last.over;

  // The text after the last line feed is the part of a line that the kill has interrupted.
  const found = files.flatMap(linesOf);
  assert.equal(found.pop(), 'the end');
  assert.deepEqual(
    found.filter((line) => !/^line \d+$/.test(line)),
    [],
    'none is torn',
  );
  const numbers = found.map((line) => Number(line.slice('line '.length)));
  const steps = numbers.map((number, index) => number - (numbers[index - 1] ?? 0));
  assert.ok(
    steps.every((step) => step > 0),
    'none comes twice, and all are in order',
  );
  const gaps = steps.filter((step) => step > 1).length;
  assert.ok(gaps <= kills, `${gaps} gaps by ${kills} kills`);
});

test('the next logger reads the rest after a logger has exited early', async (t) => {
  const made = await rig(t);
  const { file, log, write } = set(made);
  await write(lines(100)).over;
  const first = made.sh('read -r line; echo "$line"', { ...logger, stdout: 'lines' });
  assert.deepEqual(await first.over, { code: 0, signal: null });
  made.spawner.closePipe('web');
  await log().over;
  assert.deepEqual([...first.lines, ...linesOf(file)], numbered(1, 100));
});

test('the next logger reads the rest after a logger was killed on a released pipe', async (t) => {
  const made = await rig(t);
  const { file, log, write } = set(made);
  const first = made.sh('read -r line; echo "$line" > /dev/fd/1; exec sleep 600', {
    ...logger,
    stdout: 'lines',
  });
  await write(lines(2000)).over;
  await first.tells('stdout: line 1');
  made.spawner.closePipe('web');
  first.kill('SIGKILL');
  await first.over;
  await log().over;
  assert.deepEqual(linesOf(file), numbered(2, 2000));
});

test('the next logger reads the rest after a logger has exited on a stop signal', async (t) => {
  const made = await rig(t);
  const { file, log, write } = set(made);
  const first = made.sh(
    'trap "exit 0" TERM; read -r line; echo "$line"; while :; do sleep 0.02; done',
    { ...logger, stdout: 'lines' },
  );
  await write(lines(100)).over;
  await first.tells('stdout: line 1');
  made.spawner.closePipe('web');
  first.kill('SIGTERM');
  assert.deepEqual(await first.over, { code: 0, signal: null });
  await log().over;
  assert.deepEqual(linesOf(file), numbered(2, 100));
});

test('the next logger reads the rest after a logger could not be run', async (t) => {
  const made = await rig(t);
  const { file, log, write } = set(made);
  await write(lines(100)).over;
  made.spawner.closePipe('web');
  const none = made.start({ ...logger, program: { command: ['/nowhere'] } });
  await none.over;
  assert.equal(none.failure?.code, 'ENOENT');
  await log().over;
  assert.deepEqual(linesOf(file), numbered(1, 100));
});

test('a finish script of the logger runs in between, and no line is lost', async (t) => {
  const made = await rig(t);
  const { file, log, write } = set(made);
  await write(lines(100)).over;
  const first = made.sh('kill -KILL $$', logger);
  await first.over;
  made.spawner.closePipe('web');
  const finish = made.sh('exit 0', { ...logger, name: 'web/log/finish' });
  assert.deepEqual(await finish.over, { code: 0, signal: null });
  await log().over;
  assert.deepEqual(linesOf(file), numbered(1, 100));
  const late = made.sh('cat; echo nothing', {
    ...logger,
    name: 'web/log/finish',
    stdout: 'lines',
  });
  await late.over;
  assert.deepEqual(late.lines, ['nothing'], 'no pipe is made for it, and it is not kept waiting');
});

test('processes that share a pipe are spawned in the order of the requests', async (t) => {
  const made = await rig(t);
  const lives = [
    made.sh('cat', { ...logger, stdout: 'lines', stderr: 'lines', notificationFd: 3 }),
    made.sh('exec sleep 600', { ...producer, stderr: 'ignore' }),
  ];
  await Promise.all(lives.map((life) => life.tells('spawned')));
  const [reader, writer] = lives.map(({ place }) => Number(place));
  assert.ok(Number(reader) < Number(writer), `${reader} before ${writer}`);
  lives[1]?.kill('SIGTERM');
  await lives[1]?.over;
  made.spawner.closePipe('web');
});

test('a pipe that was released before it was made reaches end-of-file', async (t) => {
  const made = await rig(t);
  const { log } = set(made);
  const reader = log();
  made.spawner.closePipe('web');
  assert.deepEqual(await reader.over, { code: 0, signal: null });
});

test('a service that starts again gets a new pipe while the old one is still read', async (t) => {
  const made = await rig(t);
  const { file, write } = set(made);
  const slow = made.sh(`${waitFor(`${made.folder}/go`)}; ${keep(file)}`, logger);
  await write(lines(10)).over;
  made.spawner.closePipe('web');
  const again = write(lines(10, 11));
  const second = made.sh(keep(`${file}.second`), logger);
  await again.over;
  made.spawner.closePipe('web');
  await second.over;
  assert.deepEqual(linesOf(`${file}.second`), numbered(11, 20));
  assert.equal(slow.exit, undefined);
  made.file('go', '');
  await slow.over;
  assert.deepEqual(linesOf(file), numbered(1, 10));
});

test('no descriptor is kept for a removed service', async (t) => {
  const made = await rig(t);
  const { log, write } = set(made);
  await made.sh('exit 0').over;
  const before = openDescriptors();
  for (let count = 0; count < 3; count++) {
    const reader = log();
    await write(lines(10)).over;
    made.spawner.closePipe('web');
    await reader.over;
    assert.deepEqual(openedSince(before), []);
  }
});

const node = (script: string): { program: { command: readonly string[] } } => ({
  program: { command: [process.execPath, '-e', script] },
});

test('a Node program as a producer does not affect other processes on the pipe', async (t) => {
  const made = await rig(t);
  const file = join(made.folder, 'lines');
  const other = made.start({
    ...producer,
    ...node(
      'process.stdout.write("from node\\n"); setInterval(() => {}, 1000); fs.writeSync(3, "\\n")',
    ),
    notificationFd: 3,
  });
  await other.tells('announced');
  const writer = made.sh(`${lines(20_000)}; exit 3`, producer);
  // No process reads, so the pipe fills up: a write to a non-blocking one fails now.
  await writer.tells('spawned');
  await until(() => sleeps(writer.pid), 'a full pipe');
  const reader = made.sh(keep(file), logger);
  assert.deepEqual(await writer.over, { code: 3, signal: null });
  other.kill('SIGKILL');
  await other.over;
  made.spawner.closePipe('web');
  await reader.over;
  assert.deepEqual(linesOf(file), ['from node', ...numbered(1, 20_000)]);
  assert.deepEqual(
    writer.told.filter((one) => one.startsWith('stderr')),
    [],
  );
});

test('a Node program as a logger does not affect the next logger', async (t) => {
  const made = await rig(t);
  const file = join(made.folder, 'lines');
  const first = made.start({
    ...logger,
    ...node(
      'process.stdin.once("data", () => fs.writeSync(3, "\\n")); setInterval(() => {}, 1000)',
    ),
    notificationFd: 3,
  });
  const slow = `echo begin; ${waitFor('go1')}; echo one; ${waitFor('go2')}; echo two`;
  const writer = made.start({
    ...producer,
    program: { command: ['sh', '-c', slow], directory: made.folder },
  });
  await first.tells('announced');
  const second = made.sh(`${keep(file)}; echo ended`, { ...logger, stdout: 'lines' });
  await second.tells('spawned');
  // A non-blocking logger would end at once, since the pipe is empty.
  first.kill('SIGKILL');
  await first.over;
  for (const [gate, line] of [
    ['go1', 'one'],
    ['go2', 'two'],
  ] as const) {
    made.file(gate, '');
    await until(() => read(file).includes(line), line);
    if (line === 'one') assert.equal(second.exit, undefined);
  }
  await writer.over;
  made.spawner.closePipe('web');
  await second.over;
  assert.deepEqual(linesOf(file), ['one', 'two']);
});

test('no byte passes through this process, and no line is lost while it is busy', async (t) => {
  const made = await rig(t);
  const { file, log, write } = set(made);
  const reader = log();
  const writer = write(lines(2000));
  await Promise.all([reader.tells('spawned'), writer.tells('spawned')]);
  const end = performance.now() + 5000;
  while (linesOf(file).length < 2000 && performance.now() < end);
  assert.equal(linesOf(file).length, 2000, 'while the event loop was blocked');
  await writer.over;
  made.spawner.closePipe('web');
  await reader.over;
});

testOnce('a log pipe that cannot be made is reported, and tried again the next time', async (t) => {
  let short = true;
  const made = await rig(t, {
    pipeMaker: () => (short ? () => assert.fail(tooMany()) : undefined),
  });
  const { file, log, write } = set(made);
  const refused = write('echo lost');
  await refused.over;
  assert.equal(refused.failure?.code, 'EMFILE');
  short = false;
  const reader = log();
  await write(lines(10)).over;
  made.spawner.closePipe('web');
  await reader.over;
  assert.deepEqual(linesOf(file), numbered(1, 10));
});

const tooMany = (): Error => Object.assign(new Error('pipe2 EMFILE'), { code: 'EMFILE' });
