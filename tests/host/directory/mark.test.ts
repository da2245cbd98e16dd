import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { thisHolder } from '../../../lib/host/directory/holder.ts';
import { Mark } from '../../../lib/host/directory/mark.ts';
import { until } from '../../processes.ts';
import { leaveMark, plant, testFolder } from '../folder.ts';

const taken = { code: 'ERR_RUNTIME_DIRECTORY', reason: 'taken' };

test('one supervisor at a time holds the directory, and the next one after its release', async (t) => {
  const folder = await testFolder(t);
  const [first, second] = [new Mark(folder), new Mark(folder)];
  assert.deepEqual(first.take(), []);
  const message = new RegExp(
    `is used by another supervisor, in this process \\(${String(process.pid)}\\)\\.`,
  );
  assert.throws(() => second.take(), { ...taken, path: folder, message });
  assert.deepEqual([first.isThere(), second.isThere()], [true, false]);
  second.release();
  assert.equal(first.isThere(), true, 'one that has not got it lets go of nothing');
  first.release();
  assert.deepEqual(readdirSync(folder), []);
  assert.deepEqual(second.take(), []);
});

test('the successor of a dead holder gets the names of its leftovers, and alone holds the mark', async (t) => {
  const folder = await testFolder(t);
  leaveMark(folder, 'bin', 'services');
  writeFileSync(join(folder, '.stagekeeper-draft-abc'), 'half');
  const mark = new Mark(folder);
  assert.deepEqual(mark.take(), ['bin', 'services']);
  assert.deepEqual(readdirSync(folder), ['.stagekeeper']);
  assert.throws(() => new Mark(folder).take(), taken);
  mark.write(['bin']);
  mark.release(['bin']);
  assert.deepEqual(new Mark(folder).take(), ['bin'], 'a mark without a holder is free');
});

test('a successor that dies before it has replaced the mark can be succeeded', async (t) => {
  const folder = await testFolder(t);
  leaveMark(folder, 'bin');
  const dead = readFileSync(join(folder, '.stagekeeper'), 'utf8').replace('c0ffee', 'ab12');
  writeFileSync(join(folder, '.stagekeeper-after-c0ffee'), dead);
  assert.deepEqual(new Mark(folder).take(), ['bin']);
  assert.deepEqual(readdirSync(folder), ['.stagekeeper']);
});

test('a late successor does not replace the mark of the present holder', async (t) => {
  const folder = await testFolder(t);
  const mark = new Mark(folder);
  mark.take();
  // A successor file of a mark that no longer exists holds nothing.
  leaveMark(join(folder, 'aside'));
  const stray = readFileSync(join(folder, 'aside/.stagekeeper'));
  writeFileSync(join(folder, '.stagekeeper-after-c0ffee'), stray);
  assert.throws(() => new Mark(folder).take(), taken);
  assert.equal(mark.isThere(), true);
});

test('a holder in another pid namespace counts as alive if its FIFO has a reader, or its mark is recent', async (t) => {
  const folder = await testFolder(t);
  const path = join(folder, '.stagekeeper');
  const holder = { ...thisHolder(), namespace: 'pid:[1]' };
  plant(path, JSON.stringify({ id: 'c0ffee', holder, names: ['control'] }));
  assert.throws(() => new Mark(folder).take(), taken, 'it has just begun');
  utimesSync(path, 1, 1);
  execFileSync('mkfifo', [join(folder, 'control')]);
  const reader = openSync(join(folder, 'control'), constants.O_RDWR | constants.O_NONBLOCK);
  try {
    assert.throws(() => new Mark(folder).take(), taken);
  } finally {
    closeSync(reader);
  }
  assert.deepEqual(new Mark(folder).take(), ['control']);
});

test('a file that is not a mark, or a link to a mark, is rejected and left unchanged', async (t) => {
  const folder = await testFolder(t);
  const path = join(folder, '.stagekeeper');
  const refused = { reason: 'occupied', path };
  for (const text of ['my notes', '{}', '{"id":1}', '[]', 'null', '{"id":"ab","holder":null}']) {
    writeFileSync(path, text);
    assert.throws(() => new Mark(folder).take(), refused, text);
    assert.equal(readFileSync(path, 'utf8'), text);
  }
  rmSync(path);
  mkdirSync(path);
  assert.throws(() => new Mark(folder).take(), refused);
  rmSync(path, { recursive: true });
  leaveMark(join(folder, 'elsewhere'));
  symlinkSync(join(folder, 'elsewhere/.stagekeeper'), path);
  assert.throws(() => new Mark(folder).take(), refused);
});

test('names in a mark that lead out of the directory are ignored', async (t) => {
  const folder = await testFolder(t);
  leaveMark(folder, '..', '.', '', 'a/b', '../x', 'bin');
  assert.deepEqual(new Mark(folder).take(), ['bin']);
});

test('isThere() is false for a removed mark and for the mark of another holder', async (t) => {
  const folder = await testFolder(t);
  const mark = new Mark(folder);
  mark.take();
  rmSync(join(folder, '.stagekeeper'));
  assert.equal(mark.isThere(), false);
  leaveMark(folder, 'bin');
  assert.equal(mark.isThere(), false);
  mark.release();
  assert.equal(existsSync(join(folder, '.stagekeeper')), true);
});

/** Writes the moment in so many milliseconds into a file, in one piece. */
function openGate(path: string, within: number): void {
  writeFileSync(`${path}-draft`, String(Date.now() + within));
  renameSync(`${path}-draft`, path);
}

/** Programs that try at the same moment. */
const contenders = 6;

test('of many processes that try at the same moment exactly one takes the directory, also after a killed holder', async (t) => {
  const folder = await testFolder(t);
  const program = fileURLToPath(new URL('contender.ts', import.meta.url));
  const args = ['--import', 'tsx', program, join(folder, 'place'), join(folder, 'go')];
  mkdirSync(join(folder, 'place'));
  const all = Array.from({ length: contenders }, () =>
    spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  let round = 0;
  const lines = all.map((child) => {
    const lines: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter(Boolean));
    });
    return lines;
  });
  const answers = async (count: number): Promise<readonly string[]> => {
    for (const [index, child] of all.entries()) {
      while ((lines[index]?.length ?? 0) < count) await once(child.stdout, 'data');
    }
    return lines.map((answers) => answers[count - 1] ?? '');
  };
  await answers(1); // each is ready
  for (const how of ['free', 'dead', 'free', 'dead', 'dead', 'free']) {
    if (how === 'dead') leaveMark(join(folder, 'place'), 'bin');
    round += 1;
    openGate(join(folder, `go-${String(round)}`), 40);
    const given = await answers(round + 1);
    assert.deepEqual(
      given.toSorted(),
      ['has it', ...Array.from({ length: contenders - 1 }, () => 'taken')].toSorted(),
      `${how}, round ${String(round)}`,
    );
    // All programs have tried: the holder releases the directory.
    openGate(join(folder, `go-${String(round)}-release`), 0);
    await until(() => readdirSync(join(folder, 'place')).length === 0, 'the release');
  }
  for (const child of all) child.stdin.end();
  await Promise.all(all.map((child) => once(child, 'close')));
});
