import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { livingWith, until } from '../../processes.ts';
import { runHost } from '../run-host.ts';

/** Everybody of the child's group is dead, and the runtime directory is gone. */
async function assertNothingLeft(output: string): Promise<void> {
  const [, pid = '', runtime = ''] = /child (\d+) runtime (\S+)/.exec(output) ?? [];
  assert.notEqual(pid, '', output);
  const inGroup = (stat: string): boolean =>
    stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2] === pid;
  await until(() => livingWith('stat', inGroup).length === 0, 'the end of the group');
  assert.equal(existsSync(runtime), false);
}

// Each has a host of its own, which takes a second to start: they need not wait for each other.
void describe('the last resort', { concurrency: 4 }, () => {
  test('children go with a host that exits', async () => {
    const { code, output } = await runHost('exit');
    assert.equal(code, 3);
    await assertNothingLeft(output);
  });

  test('children go with a host that throws, and the host says what it threw', async () => {
    const { code, output } = await runHost('throw');
    assert.equal(code, 1);
    assert.match(output, /out of order/);
    await assertNothingLeft(output);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    test(`children go with a host that nobody told what to do on ${signal}`, async () => {
      let sent = false;
      const end = await runHost('wait', [], (pid, output) => {
        if (sent || !output.includes('ready')) return;
        sent = true;
        process.kill(pid, signal);
      });
      assert.deepEqual([end.code, end.signal], [null, signal], 'it dies of the signal');
      await assertNothingLeft(end.output);
    });
  }

  test('a host that listens to a signal does what it wants, and its children go when it goes', async () => {
    let sent = false;
    const { code, output } = await runHost('listen', [], (pid, text) => {
      if (sent || !text.includes('ready')) return;
      sent = true;
      process.kill(pid, 'SIGTERM');
    });
    assert.equal(code, 0);
    assert.match(output, /heard, child lives/);
    await assertNothingLeft(output);
  });

  test('whom a dead child has left behind goes, too', async () => {
    const { output } = await runHost('leave');
    await assertNothingLeft(output);
  });

  test('nothing is listened to while there are no children', async () => {
    const { code, output } = await runHost('listeners');
    assert.equal(code, 0, output);
    assert.match(output, /before: 0 0 own emit/);
    assert.match(output, /with: 1/);
    assert.match(output, /after: 0 0 own emit/);
  });
});
