/*
 * The rig: what a container is, and how its end looks from outside.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isAlive, until } from '../processes.ts';
import { container, inContainers, noNobody, sh } from './rig.ts';
import { removeTemporary } from './temporary.ts';

const staying = { 'services.d/web/run': sh('echo web runs', 'exec sleep 600') };

inContainers('the rig for containers', {
  'a container holds the host as PID 1 and the processes of its tree, nothing else': async () => {
    await using box = await container({ tree: staying });
    await until(() => box.processes()[1]?.name === 'sleep', 'the service');
    const inside = box.processes();
    assert.deepEqual(
      inside.map(({ pid, name }) => [pid === 1 ? 'PID 1' : 'child', name]),
      [
        ['PID 1', 'node'],
        ['child', 'sleep'],
      ],
    );
    assert.equal(inside[0]?.outside, box.pid);
  },

  'the end of a container has its exit code, its verdict and all its output': async () => {
    await using box = await container({
      tree: {
        'cont-init.d/10': sh('echo "init on $PATH" && echo oops >&2', 'touch "$WORK/seen"'),
        'cont-finish.d/10': sh('echo bye'),
      },
      command: ['sh', '-c', 'echo "command with $GIVEN"; exit 7'],
      env: { GIVEN: 'this' },
    });
    const end = await box.ended;
    assert.deepEqual(
      { code: end.code, signal: end.signal, reason: end.verdict?.reason },
      { code: 7, signal: null, reason: 'command' },
    );
    assert.match(end.stdout[0] ?? '', /^init on .*:\/usr\/bin:/);
    assert.deepEqual(end.stdout.slice(1), ['command with this', 'bye']);
    assert.deepEqual(end.stderr, ['oops']);
    assert.deepEqual([end.left, end.files, end.warnings, end.failure], [[], [], [], undefined]);
    assert.equal(end.events.at(-1)?.type, 'phase');
  },

  'an end by KILL is reported as such, and all processes die with PID 1': async () => {
    await using box = await container({ tree: staying });
    await box.until('web runs');
    const pids = box.processes().map(({ outside }) => outside);
    box.kill('SIGKILL');
    const end = await box.ended;
    assert.deepEqual([end.code, end.signal, end.verdict], [null, 'SIGKILL', undefined]);
    assert.ok(pids.length >= 2, 'PID 1, the service, and what they have just started');
    assert.deepEqual(pids.filter(isAlive), []);
    assert.deepEqual(box.processes(), []);
  },

  'a container that is disposed of leaves no process and no folder': async () => {
    const box = await container({ tree: staying });
    await box.until('web runs');
    const pids = box.processes().map(({ outside }) => outside);
    await box[Symbol.asyncDispose]();
    assert.deepEqual(pids.filter(isAlive), []);
    assert.equal(existsSync(dirname(box.root)), false);
  },

  'a folder that was not made for a container is not removed': () => {
    const others = mkdtempSync(join(tmpdir(), 'stagekeeper-container-'));
    assert.throws(() => {
      removeTemporary(others);
    }, /was not made here/);
    rmdirSync(others);
    return Promise.resolve();
  },

  'until() rejects with all events and lines so far when the container ends': async () => {
    await using box = await container({ tree: staying });
    await box.until('web runs');
    const wait = box.until('never said');
    box.kill('SIGTERM');
    await assert.rejects(wait, /ended without the line 'never said'; events: .*web up.*web runs/);
  },

  'a container is killed at its limit, and the error names it': async () => {
    await using box = await container({ tree: staying, limit: 500 });
    await assert.rejects(box.ended, /no end within 500 ms; events: initializing/);
  },

  'the end of a container with a tree that cannot be loaded has the error': async () => {
    await using box = await container({ tree: { README: 'no tree' } });
    const end = await box.ended;
    assert.equal(end.code, 70);
    assert.match(end.failure ?? '', /TreeError/);
  },

  'another host than init.ts gets its plan': async () => {
    await using box = await container({
      tree: staying,
      host: new URL('many-lives.ts', import.meta.url),
      more: [['true'], ['false']],
    });
    const { code, verdicts } = await box.ended;
    assert.equal(code, 0);
    assert.deepEqual(
      verdicts.map(({ exitCode }) => exitCode),
      [0, 1],
    );
  },

  'a root is read-only for the container alone': async () => {
    await using box = await container({
      tree: { ...staying, 'cont-init.d/10': sh('touch file || echo cannot') },
      readOnlyRoot: true,
    });
    await box.until('cannot');
    await box.write({ file: 'written from outside' });
  },

  'every process of a container runs as nobody': {
    skip: noNobody,
    test: async () => {
      await using box = await container({
        tree: { ...staying, 'cont-init.d/10': sh('id -u; id -g; id -G', 'touch "$WORK/mine"') },
        user: 'nobody',
      });
      await box.until('web runs');
      assert.deepEqual(box.lines.slice(0, 3), ['65534', '65534', '65534']);
    },
  },
});
