import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InheritedDescriptors } from '../../../lib/host/os/inherited-descriptors.ts';
import { without } from '../ways.ts';

const host = fileURLToPath(new URL('inherited-host.ts', import.meta.url));

/** The processes of the host that print what they have at the descriptors that the host inherited. */
const processes = ['init', 'run', 'finish', 'told', 'logged', 'log', 'guard'];

function runHost(way: string): readonly string[] {
  const file = openSync(host, 'r');
  try {
    const gap = (length: number): 'ignore'[] => Array.from({ length }, () => 'ignore');
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--import', 'tsx', host, way],
      // Node keeps the descriptors up to 15 from its children; these two come after a gap.
      { stdio: ['ignore', 'pipe', 'pipe', ...gap(17), file, ...gap(19), file], encoding: 'utf8' },
    );
    assert.deepEqual([status, stderr], [0, '']);
    return stdout.split('\n').map((line) => line.trim());
  } finally {
    closeSync(file);
  }
}

const native = without('native');
const ways = { node: native, native, 'without koffi': false } as const;

for (const [way, skip] of Object.entries(ways)) {
  test(`no child gets a descriptor that the host inherited (${way})`, { skip }, () => {
    const lines = runHost(way);
    const there = way === 'without koffi' ? ' /dev/null' : '';
    for (const name of processes) {
      for (const fd of [20, 40])
        assert.ok(lines.includes(`${name} ${fd}${there}`), lines.join('; '));
    }
    for (const name of ['told', 'same']) assert.ok(lines.includes(`${name} is ready`), name);
    assert.equal(lines.at(-2), 'the host has it: true');
  });
}

test('without koffi a descriptor that the child is given is not covered', () => {
  const inherited = new InheritedDescriptors(() => ({ why: 'it is not installed', remedy: '' }));
  const found = inherited.close();
  const stdio = inherited.without(['ignore', 'pipe', 'pipe', 'pipe'], (given) => given);
  assert.deepEqual(stdio.slice(0, 4), ['ignore', 'pipe', 'pipe', 'pipe']);
  assert.equal(stdio.length, Math.max(4, ...found.map((descriptor) => descriptor + 1)));
});
