import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onChildSignal } from '../../../lib/host/os/child-signal.ts';
import { until } from '../../processes.ts';

test('the process has one SIGCHLD listener for any number of listeners, and none after the last', async () => {
  const heard: number[] = [];
  const ends = Array.from({ length: 12 }, (_, index) => onChildSignal(() => heard.push(index)));
  assert.equal(process.listenerCount('SIGCHLD'), 1);
  ends[3]?.();
  process.kill(process.pid, 'SIGCHLD');
  await until(() => heard.length > 0, 'the signal');
  assert.deepEqual(heard, [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]);
  for (const end of ends) end(); // one of them for the second time
  assert.equal(process.listenerCount('SIGCHLD'), 0);
  onChildSignal(() => undefined)();
  ends[0]?.();
  assert.equal(process.listenerCount('SIGCHLD'), 0);
});
