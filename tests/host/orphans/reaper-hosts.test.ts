/*
 * The reaper in real hosts that adopt real orphans: process 1 of a pid namespace, or a child subreaper.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadNative, whyNoNative } from '../../../lib/host/native/native.ts';
import type { Problem } from '../../../lib/model/problem.ts';
import { unlessInCI } from '../../skipping.ts';
import { asProcess1, runHost, whyNoProcess1 } from '../run-host.ts';
import { hostOf, testEachWay } from '../ways.ts';

const noNative = unlessInCI(loadNative() === undefined && `no native code: ${whyNoNative() ?? ''}`);
const noProcess1 = whyNoProcess1();

/** The report of a host at its end. */
async function reportOf(scene: string, wrapper: readonly string[]): Promise<Report> {
  const { code, output } = await runHost(scene, wrapper, undefined, {
    file: 'orphan-host.ts',
    within: 120_000,
  });
  assert.equal(code, 0, output);
  return JSON.parse(output) as Report;
}

interface Report {
  readonly pid: number;
  readonly [name: string]: unknown;
}

/** 500 children with all exit codes, 500 orphans of four kinds; the lists must be empty. */
const fair = { children: 500, orphans: 500, wrong: [], stolen: [], failed: 0, listeners: 0 };

void describe('the reaper in a host', { timeout: 300_000 }, () => {
  testEachWay(
    'as process 1 reaps every orphan within a second, and no child',
    { skip: noProcess1 === false ? noNative : noProcess1 },
    async (t) => {
      const { pid, longest, ...rest } = await reportOf('storm', [...asProcess1, ...hostOf(t)]);
      assert.equal(pid, 1);
      assert.deepEqual(rest, fair);
      assert.ok(Number(longest) <= 20, `an orphan was a zombie for ${String(longest)} looks`);
    },
  );

  testEachWay('as a child subreaper does the same', { skip: noNative }, async (t) => {
    const { pid, longest, ...rest } = await reportOf('storm subreaper', hostOf(t));
    assert.notEqual(pid, 1);
    assert.deepEqual(rest, fair);
    assert.ok(Number(longest) <= 20, `an orphan was a zombie for ${String(longest)} looks`);
  });

  testEachWay('does not reap the children of a blocked Worker', { skip: noNative }, async (t) => {
    const { codes, stolen, orphans, listeners } = await reportOf('worker subreaper', hostOf(t));
    assert.deepEqual(
      { codes, stolen, listeners },
      { codes: [1, 2, 3, 4, 5], stolen: [], listeners: 0 },
    );
    assert.ok(Number(orphans) > 1, 'it has reaped orphans meanwhile');
  });

  test('without koffi reports zombies once, with a remedy', { skip: noProcess1 }, async () => {
    const { problems, listeners, early, timers } = await reportOf('without-koffi', asProcess1);
    const [problem, ...more] = problems as Problem[];
    assert.deepEqual(
      [problem?.code, problem?.severity, problem?.path],
      ['zombies', 'warning', '/proc/1'],
    );
    assert.match(
      problem?.message ?? '',
      /stay zombies \(\d+(, \d+)?\).*\(Cannot find module 'koffi'\)/,
    );
    assert.match(
      problem?.remedy ?? '',
      /npm install koffi.*tini.*examples\/container-init\/init\.sh/,
    );
    assert.deepEqual(
      { more, early, listeners, timers },
      { more: [], early: 0, listeners: 0, timers: [] },
      'no further check',
    );
  });
});

void describe('orphans that are claimed', { timeout: 300_000 }, () => {
  testEachWay('are ended, and no other process', { skip: noNative }, async (t) => {
    const { left } = await reportOf('strangers subreaper claimed', hostOf(t));
    const others = ['sleep 600', 'sleep 603', 'sleep 604'];
    assert.deepEqual(
      left,
      others,
      'earlier children, and children of the host with their descendants',
    );
  });

  testEachWay('are left alone before they are claimed', { skip: noNative }, async (t) => {
    const { left } = await reportOf('strangers subreaper', hostOf(t));
    const all = ['sleep 600', 'sleep 601', 'sleep 602', 'sleep 603', 'sleep 604'];
    assert.deepEqual(left, all);
  });
});
