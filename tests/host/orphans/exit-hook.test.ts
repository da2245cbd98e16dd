import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { livingWith, until } from '../../processes.ts';
import { runHost } from '../run-host.ts';

/** Every process of the child's group is dead, and the runtime directory is gone. */
async function assertNothingLeft(output: string): Promise<void> {
  const [, pid = '', runtime = ''] = /child (\d+) runtime (\S+)/.exec(output) ?? [];
  assert.notEqual(pid, '', output);
  const inGroup = (stat: string): boolean =>
    stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2] === pid;
  await until(() => livingWith('stat', inGroup).length === 0, 'the end of the group');
  assert.equal(existsSync(runtime), false);
}

// Each test starts a host, which takes a second, so they run concurrently.
void describe('the exit hook', { concurrency: 4 }, () => {
  test('children are killed when the host calls process.exit', async () => {
    const { code, output } = await runHost('exit');
    assert.equal(code, 3);
    await assertNothingLeft(output);
  });

  test('children are killed when the host throws, and the exception is printed', async () => {
    const { code, output } = await runHost('throw');
    assert.equal(code, 1);
    assert.match(output, /out of order/);
    await assertNothingLeft(output);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    test(`children are killed when ${signal} ends a host without a listener`, async () => {
      let sent = false;
      const end = await runHost('wait', [], (pid, output) => {
        if (sent || !output.includes('ready')) return;
        sent = true;
        process.kill(pid, signal);
      });
      assert.deepEqual([end.code, end.signal], [null, signal], 'the host dies of the signal');
      await assertNothingLeft(end.output);
    });
  }

  test('a listener of the host for a signal runs, and children are killed when the host exits', async () => {
    let sent = false;
    const { code, output } = await runHost('listen', [], (pid, text) => {
      if (sent || !text.includes('ready')) return;
      sent = true;
      process.kill(pid, 'SIGTERM');
    });
    assert.equal(code, 0);
    assert.match(output, /received, child lives/);
    await assertNothingLeft(output);
  });

  test('leftovers of a dead child are killed', async () => {
    const { output } = await runHost('leave');
    await assertNothingLeft(output);
  });

  test('no listener is installed while there are no children', async () => {
    const { code, output } = await runHost('listeners');
    assert.equal(code, 0, output);
    assert.match(output, /before: 0 0 own emit/);
    assert.match(output, /with: 1/);
    assert.match(output, /after: 0 0 own emit/);
  });
});
