import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from './rig.ts';
import { answer } from '../../lib/programs/answer.ts';

const web = { name: 'web', run: ['web'] };

test('s6-svok reports whether a service exists', async () => {
  const desk = new Desk([web]);
  assert.deepEqual(await desk.call('s6-svok web'), { exitCode: 0 });
  assert.deepEqual(await desk.call('s6-svok api'), { exitCode: 1 });
  assert.equal(await desk.call('s6-svok /etc'), 'elsewhere');
});

test('s6-svok called with another number of words, or an option, exits with 100 and its usage', async () => {
  const desk = new Desk([web]);
  for (const line of ['s6-svok', 's6-svok web web', 's6-svok -a web']) {
    const told = await desk.call(line);
    assert.ok(told !== 'elsewhere');
    assert.equal(told.exitCode, 100, line);
    assert.match(told.stderr ?? '', /usage: s6-svok servicedir$/, line);
  }
});

test('halt, poweroff and reboot request the end', async () => {
  for (const program of ['halt', 'poweroff', 'reboot']) {
    const desk = new Desk([web]).start();
    assert.deepEqual(await desk.call(program, '/svc/web'), { exitCode: 0 });
    assert.equal(desk.control.state.ending?.service, 'web');
  }
});

test('an unknown program is reported as such, and an error as its message', async () => {
  const desk = new Desk([web]);
  assert.deepEqual(await desk.call('s6-rc change'), {
    exitCode: 100,
    stderr: 's6-rc: fatal: this program is not known here',
  });
  for (const name of ['constructor', '__proto__', 'toString', '']) {
    const told = await answer({ program: name, args: [], directory: '/' }, desk.supervised);
    assert.equal(told !== 'elsewhere' && told.exitCode, 100, name);
  }
  const places = {
    ...desk.supervised.places,
    setDown: (): never => {
      throw new Error('EROFS: read-only file system');
    },
  };
  const call = { program: 's6-svc', args: ['-D', 'web'], directory: '/svc' };
  assert.deepEqual(await answer(call, { ...desk.supervised, places }), {
    exitCode: 111,
    stderr: 's6-svc: fatal: EROFS: read-only file system',
  });
});
