import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { FileSpec, Life, TreeFiles } from '../../../lib/testing/index.ts';
import { check, exit, explore, simulate, trial, writeTree } from '../../../lib/testing/index.ts';

const stays = '#!/bin/sh\nexec sleep 1000\n';

/** The service `app`, file by file; the service `web` beside it can be run. */
interface Case {
  readonly what: string;
  readonly app: Readonly<Record<string, string | FileSpec>>;
  /** The code of the problem that `check` reports of it; `null`: none. */
  readonly code: string | null;
  /** Why it cannot be run; absent: it can. */
  readonly why?: RegExp;
}

const cases: readonly Case[] = [
  {
    what: 'no run',
    app: { 'notes.txt': 'x' },
    code: 'run-missing',
    why: /does not exist, or is a/,
  },
  { what: 'an empty folder', app: { '': { folder: true } }, code: 'run-missing', why: /not exist/ },
  { what: 'an empty run', app: { run: '' }, code: 'script-empty', why: /run: it is empty$/ },
  { what: 'a blank run', app: { run: '\n \n' }, code: 'script-empty', why: /it is empty$/ },
  {
    what: 'a folder as run',
    app: { 'run/run': stays },
    code: 'run-is-a-folder',
    why: /run is not a file$/,
  },
  {
    what: 'a link that leads nowhere',
    app: { run: { link: 'nowhere' } },
    code: 'link-dangling',
    why: /is a link without a target$/,
  },
  {
    what: 'a link to itself',
    app: { run: { link: 'run' } },
    code: 'link-loop',
    why: /is a link that leads to itself$/,
  },
  {
    what: 'a line end of Windows',
    app: { run: '#!/bin/sh\r\nexec sleep 1000\r\n' },
    code: 'interpreter-crlf',
    why: /ends in CRLF/,
  },
  {
    what: 'a byte order mark',
    app: { run: `\ufeff${stays}` },
    code: 'interpreter-bom',
    why: /begins with a byte order mark/,
  },
  {
    what: 'a blank line first',
    app: { run: `\n${stays}` },
    code: 'interpreter-late',
    why: /not at the very beginning/,
  },
  {
    what: 'an interpreter that does not exist',
    app: { run: '#!/opt/none/such\n' },
    code: 'interpreter-missing',
    why: /the interpreter \/opt\/none\/such of .*\/run does not exist$/,
  },
  {
    what: 'an interpreter that is not on the PATH',
    app: { run: '#!/usr/bin/with-contenv no-such-shell\n' },
    code: 'interpreter-missing',
    why: /the interpreter no-such-shell of .*\/run is not on /,
  },
  {
    what: 'a mode without x',
    app: { run: { content: stays, mode: 0o644 } },
    code: 'not-executable',
  },
  { what: 'no interpreter line', app: { run: 'exec sleep 1000\n' }, code: 'interpreter-absent' },
  { what: 'a comment first', app: { run: `# It stays.\n${stays}` }, code: 'interpreter-absent' },
  { what: 'a link to a script', app: { run: { link: '../web/run' } }, code: null },
  { what: 'nothing wrong', app: { run: stays }, code: null },
];

/** Why a service cannot be run, or its status. */
async function outcome(life: Life): Promise<string> {
  void life.supervisor.start().catch(() => undefined);
  const settled = await life.until(
    () => ['up', 'backoff'].includes(life.supervisor.service('app').status),
    { timeout: 60_000 },
  );
  assert.equal(settled, undefined);
  const found = life.events.findLast(
    (event) => event.type === 'problem' && event.problem.code === 'unspawnable',
  );
  const { status } = life.supervisor.service('app');
  return found?.type === 'problem' && status === 'backoff' ? found.problem.message : status;
}

function treeWith({ app }: Case): TreeFiles {
  const files = Object.entries(app).map(
    ([path, spec]) => [`services.d/app/${path}`, spec] as const,
  );
  const named = files.map(([path, spec]) => [path.replace(/\/$/, ''), spec] as const);
  return { 'services.d/web/run': stays, ...Object.fromEntries(named) };
}

for (const one of cases) {
  const { what, code, why } = one;
  test(`check, explore, simulate and trial agree about a service with ${what}`, async () => {
    const tree = treeWith(one);
    const problems = await check(tree, { host: true });
    assert.deepEqual(
      problems.map((problem) => problem.code),
      code === null ? [] : [code],
    );
    const { neverStart } = await explore(tree, { host: true });
    assert.deepEqual(
      neverStart.map(({ service }) => service),
      why === undefined ? [] : ['app'],
    );
    for (const setUp of [() => simulate(tree, { host: true }), () => trial(tree)]) {
      const life = await setUp();
      try {
        assert.match(await outcome(life), why ?? /^up$/);
      } finally {
        await life[Symbol.asyncDispose]();
      }
    }
  });
}

test('a simulation takes every interpreter as existing, unless host is true', async () => {
  const life = await simulate({ 'services.d/app/run': '#!/opt/none/such\n' });
  assert.equal(await outcome(life), 'up');
});

test('a script that cannot be run does not follow its behaviour', async () => {
  const life = await simulate({ 'services.d/app/run': '\n' });
  life.spawner.script('app', exit(0, 100));
  assert.match(await outcome(life), /it is empty/);
});

test("'' in a literal stands for any script, unless host is true", async () => {
  const tree = { 'services.d/app/run': '' };
  assert.equal(await outcome(await simulate(tree)), 'up');
  assert.match(await outcome(await simulate(tree, { host: true })), /it is empty/);
});

test('a program that is no file of the tree is simulated as existing', async () => {
  const script = '/no/such/script';
  const life = await simulate({
    services: [
      { name: 'app', run: ['no-such-program'] },
      { name: 'web', run: { script } },
    ],
  });
  await life.supervisor.start();
  assert.deepEqual(life.spawner.alive, ['app', 'web']);
});

test('a simulation looks at a script each time that it is started', async () => {
  const life = await simulate({ 'services.d/app/finish': '#!/bin/sh\n', 'cont-init.d/10': '' });
  const { supervisor, spawner } = life;
  spawner.script('10', { does: () => void life.write({ 'services.d/app/run': stays }) });
  assert.equal(await outcome(life), 'up');
  await life.remove('services.d/app/run');
  spawner.child('app').exit();
  await life.advance(1000);
  assert.equal(supervisor.service('app').status, 'backoff');
  await life.write({ 'services.d/app/run': stays });
  await life.advance(10_000);
  assert.equal(supervisor.service('app').status, 'up');
});

test('init and finish scripts that cannot be run are unspawnable; an empty script of a stage is not', async () => {
  const life = await simulate({
    'cont-init.d/10-empty': '',
    'cont-init.d/20-folder/x': '',
    'services.d/app/run': stays,
    'services.d/app/finish': '\n#!/bin/sh\n',
  });
  await life.supervisor.start();
  life.spawner.child('app').exit();
  await life.settle();
  const scripts = life.supervisor.stages.init.scripts.map(
    ({ name, status }) => `${name} ${status}`,
  );
  assert.deepEqual(scripts, ['10-empty exited', '20-folder unspawnable']);
  assert.ok(life.transcript.lines.some((line) => /app\/finish.* is not at the very/.test(line)));
});

/** A folder of the test's own. */
function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'stagekeeper-scripts-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test('the scripts of a folder are looked at on the disk', async (t) => {
  const folder = folderOf(t);
  await writeTree(folder, { 'services.d/web/run': stays });
  mkdirSync(join(folder, 'services.d', 'app'));
  symlinkSync('../web/none', join(folder, 'services.d', 'app', 'run'));
  chmodSync(join(folder, 'services.d', 'web', 'run'), 0o644);
  const life = await simulate(folder);
  assert.match(await outcome(life), /app\/run does not exist, or is a link without a target$/);
  assert.deepEqual(life.spawner.alive, ['web']);
});
