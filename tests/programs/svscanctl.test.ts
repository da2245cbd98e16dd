import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from './rig.ts';
import { commandAll } from '../../lib/programs/svscanctl.ts';

const web = { name: 'web', run: ['web'] };

test('-t, -i, -q and -b ask for the end, in the name of who says so', async () => {
  for (const letter of 'tiqb') {
    const desk = new Desk([web]).start();
    const [program, args] = ['s6-svscanctl', [`-${letter}`, '/svc']];
    assert.deepEqual(await desk.call([program, ...args].join(' '), '/svc/web'), { exitCode: 0 });
    const ending = { reason: 'requested', exitCode: 0, service: 'web' };
    assert.deepEqual(desk.control.state.ending, ending, letter);
  }
});

test('-a, -h, -n and -N read the services again, -z does nothing', async () => {
  const desk = new Desk([web]).start();
  for (const letters of ['a', 'h', 'an', 'N', 'z'])
    await desk.call(`s6-svscanctl -${letters} /svc`);
  assert.deepEqual(desk.done, ['rescan', 'rescan', 'rescan', 'rescan']);
  assert.equal(desk.control.state.phase, 'running');
});

test('an init script that asks for the end is named', async () => {
  const desk = new Desk([web], { init: [{ name: '10-a', run: ['init'] }] });
  desk.control.input({ type: 'advance', target: 'services' });
  await desk.call('s6-svscanctl -t /svc', '/etc/cont-init.d');
  assert.deepEqual(desk.control.state.ending, { reason: 'requested', exitCode: 0, script: '10-a' });
});

test('letters that come without anybody’s name', () => {
  const desk = new Desk([web]).start();
  commandAll('z?', desk.supervised);
  assert.equal(desk.control.state.ending, null);
  commandAll('t', desk.supervised);
  assert.deepEqual(desk.control.state.ending, { reason: 'requested', exitCode: 0 });
});

test('another directory is left to the real program', async () => {
  assert.equal(await new Desk([web]).call('s6-svscanctl -t /run/other'), 'elsewhere');
});
