/*
 * What the guard script does with its input lines, in every shell that is installed.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { guardScript } from '../../../lib/host/orphans/guard-script.ts';
import { isAlive, livingWith, livingWithEntry, until } from '../../processes.ts';
import { testFolder } from '../folder.ts';
import { shellPaths } from '../shells.ts';

/** Milliseconds in which all processes must be gone: it takes a second on an idle machine. */
const soon = 3000;

/** Runs the guard script with these lines, up to its end; returns its exit code. */
async function guard(
  t: TestContext,
  shell: string,
  { lines, marker = '', folder = '' }: { lines: string; marker?: string; folder?: string },
): Promise<number> {
  const applet = shell.endsWith('busybox') ? ['ash'] : [];
  const words = [...applet, '-c', 'eval "$STAGEKEEPER_GUARD"', 'guard', marker, folder];
  const child = spawn(shell, words, {
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', STAGEKEEPER_GUARD: guardScript },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
  t.after(() => child.kill('SIGKILL'));
  (child.stdio[3] as Socket).end(lines);
  const [code] = (await once(child, 'exit')) as [number];
  return code;
}

/** Starts a script in a group of its own, waits for its first output, and returns that. */
async function start(
  t: TestContext,
  script: string,
  options: { detached?: boolean; env?: NodeJS.ProcessEnv } = {},
): Promise<{ pid: number; child: ChildProcess; text: string }> {
  const child = spawn('sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    ...options,
  });
  const pid = child.pid ?? 0;
  t.after(() => {
    killAll(livingWith('stat', (stat) => fieldsOf(stat)[2] === String(pid)));
    if (child.exitCode === null) child.kill('SIGKILL');
  });
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  child.stdout.destroy();
  return { pid, child, text: text.toString() };
}

function fieldsOf(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Waits until these processes are gone: a killed process takes a moment. */
function end(pids: readonly number[]): Promise<void> {
  return until(() => !pids.some(isAlive), 'the end', soon);
}

/** Kills those of these processes that still exist. */
function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone meanwhile
    }
  }
}

const meek = 'echo up; exec sleep 600';
const stubborn = `trap '' TERM; echo up; while :; do sleep 0.1; done`;

function inEveryShell(name: string, body: (t: TestContext, shell: string) => Promise<void>): void {
  for (const shell of shellPaths) test(`${shell}: ${name}`, (t) => body(t, shell));
}

inEveryShell('all groups on the list are ended, and no others', async (t, shell) => {
  const groups = [meek, meek, stubborn, `${stubborn} & wait`];
  const known = await Promise.all(groups.map((script) => start(t, script)));
  const [gone, other] = await Promise.all([start(t, meek), start(t, meek)]);
  const lines = [...known, gone].map(({ pid }) => `group ${pid}\n`).join('');
  const begun = performance.now();
  await guard(t, shell, { lines: `${lines}gone ${gone.pid}\ngroup x${other.pid}\n` });
  t.diagnostic(`over after ${Math.round(performance.now() - begun)} ms`);
  await end(known.map(({ pid }) => pid));
  assert.deepEqual(
    [gone, other].map(({ pid }) => isAlive(pid)),
    [true, true],
  );
});

inEveryShell(
  'a group with a dead leader is ended, but not if another process has its number',
  async (t, shell) => {
    const left = await start(t, `(trap '' TERM; exec sleep 600) & echo $!`);
    if (left.child.exitCode === null) await once(left.child, 'exit');
    const reused = await start(t, meek);
    const lines = [left, reused].map(({ pid }) => `group ${pid}\nleaderless ${pid}\n`).join('');
    await guard(t, shell, { lines });
    await end([Number(left.text)]);
    assert.equal(isAlive(reused.pid), true);
  },
);

inEveryShell('a single process is ended without its group', async (t, shell) => {
  const family = await start(t, 'sleep 600 & echo $!; sleep 600');
  await guard(t, shell, { lines: `process ${family.text.trim()}\n` });
  await end([Number(family.text)]);
  assert.equal(isAlive(family.pid), true);
});

inEveryShell('a stopped process is continued and can clean up', async (t, shell) => {
  const bye = join(await testFolder(t), 'bye');
  const script = `trap 'echo bye > ${bye}; exit' TERM; echo up; kill -STOP $$; sleep 600`;
  const { pid } = await start(t, script);
  await until(() => fieldsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'))[0] === 'T', 'the stop');
  await guard(t, shell, { lines: `group ${pid}\n` });
  await end([pid]);
  assert.equal(readFileSync(bye, 'utf8'), 'bye\n');
});

inEveryShell(
  'a process in a known group that also carries the marker gets TERM once',
  async (t, shell) => {
    const folder = await testFolder(t);
    const count = `trap 'echo term >> ${folder}/terms' TERM; echo up; while :; do sleep 0.02; done`;
    const { pid } = await start(t, `(${count}) & wait`, { env: { ...process.env, MARK: folder } });
    await guard(t, shell, { lines: `group ${pid}\n`, marker: `MARK=${folder}` });
    await end([pid]);
    assert.equal(readFileSync(join(folder, 'terms'), 'utf8'), 'term\n');
  },
);

inEveryShell('after bye nothing is ended and nothing is removed', async (t, shell) => {
  const folder = await testFolder(t);
  const { pid } = await start(t, meek);
  assert.equal(await guard(t, shell, { lines: `group ${pid}\nbye\n`, folder }), 0);
  assert.equal(isAlive(pid), true);
  assert.equal(existsSync(folder), true);
});

inEveryShell('the folder is removed, whatever its name is', async (t, shell) => {
  const parent = await testFolder(t);
  const name = `-rf 'a' "$HOME" *`;
  mkdirSync(join(parent, name));
  writeFileSync(join(parent, name, 'file'), '');
  writeFileSync(join(parent, 'other'), '');
  await guard(t, shell, { lines: '', folder: join(parent, name) });
  assert.equal(existsSync(join(parent, name)), false);
  assert.equal(existsSync(join(parent, 'other')), true);
});

inEveryShell(
  'after thousands of added and removed groups, the remaining ones are ended',
  async (t, shell) => {
    const known = await Promise.all(Array.from({ length: 10 }, () => start(t, meek)));
    // Beyond the largest pid of Linux, so that no process has these.
    const absent = Array.from({ length: 3000 }, (_, index) => 5_000_000 + index);
    const lines = absent.map((id, index) => {
      const real = known[index / 300];
      return `group ${id}\n${real === undefined ? '' : `group ${real.pid}\n`}`;
    });
    const removed = absent.filter((id) => id % 3 > 0).map((id) => `gone ${id}\n`);
    const begun = performance.now();
    await guard(t, shell, { lines: [...lines, ...removed].join('') });
    t.diagnostic(`over after ${Math.round(performance.now() - begun)} ms`);
    await end(known.map(({ pid }) => pid));
  },
);

inEveryShell(
  'daemons with exactly the marker are ended, but not those with a living parent of other origin',
  async (t, shell) => {
    const marker = `MARK=${await testFolder(t)}`;
    const daemon = (entry: string): string => `(env ${entry} setsid ${sleepAs} &) | cat`;
    const sleepAs = `sh -c 'echo $$; exec sleep 600'`;
    const [marked, stubbornOne, longer, looked] = await Promise.all([
      start(t, daemon(`A=1 ${marker} Z=1`)),
      start(t, `(env ${marker} setsid sh -c "trap '' TERM; echo \\$\\$; sleep 600; :" &) | cat`),
      start(t, daemon(`${marker}/more`)),
      start(t, `env ${marker} ${sleepAs} & wait`),
    ]);
    const pids = [marked, stubbornOne, longer, looked].map(({ text }) => Number(text));
    t.after(() => {
      const isMarked = (entries: string): boolean => entries.includes(marker);
      killAll(livingWith('environ', isMarked));
    });
    await guard(t, shell, { lines: '', marker });
    await until(
      () => livingWithEntry(marker).length <= 1,
      'the end of the daemons and their children',
      soon,
    );
    assert.deepEqual(
      livingWithEntry(marker),
      pids.slice(3),
      'only the process with a parent of other origin',
    );
    assert.deepEqual(pids.map(isAlive), [false, false, true, true]);
  },
);
