import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from './rig.ts';
import { commandAll } from '../../lib/programs/svscanctl.ts';

const web = { name: 'web', run: ['web'] };

// The letters that name a kind of end are those of s6 up to 2.9.
test('s6-svscanctl -t, -i, -q and -b request the end, in the name of the caller; so do -0, -6, -7, -8, and -st', async () => {
  for (const letter of ['t', 'i', 'q', 'b', '0', '6', '7', '8', 'st', 'rt', 'pt']) {
    const desk = new Desk([web]).start();
    const [program, args] = ['s6-svscanctl', [`-${letter}`, '/svc']];
    assert.deepEqual(await desk.call([program, ...args].join(' '), '/svc/web'), { exitCode: 0 });
    const ending = { reason: 'requested', exitCode: 0, service: 'web' };
    assert.deepEqual(desk.control.state.ending, ending, letter);
  }
});

test('a caller in a directory that no service has is not named', async () => {
  const desk = new Desk([web]).start();
  assert.deepEqual(await desk.call('s6-svscanctl -t /svc', '/svc/gone'), { exitCode: 0 });
  assert.deepEqual(desk.control.state.ending, { reason: 'requested', exitCode: 0 });
});

test('s6-svscanctl -a, -h, -n and -N read the services again; -z, -p, -r and -s do nothing', async () => {
  const desk = new Desk([web]).start();
  for (const letters of ['a', 'h', 'an', 'N', 'z', 'p', 'r', 's'])
    await desk.call(`s6-svscanctl -${letters} /svc`);
  assert.deepEqual(desk.done, ['rescan', 'rescan', 'rescan', 'rescan']);
  assert.equal(desk.control.state.phase, 'running');
});

test('the verdict names an init script that requests the end', async () => {
  const desk = new Desk([web], { init: [{ name: '10-a', run: ['init'] }] });
  desk.control.input({ type: 'advance', target: 'services' });
  await desk.call('s6-svscanctl -t /svc', '/etc/cont-init.d');
  assert.deepEqual(desk.control.state.ending, { reason: 'requested', exitCode: 0, script: '10-a' });
});

test('letters without a caller are carried out; those that are no command are counted', () => {
  const desk = new Desk([web]).start();
  assert.equal(commandAll('z?X\n', desk.supervised), 3);
  assert.equal(desk.control.state.ending, null);
  assert.equal(commandAll('zabhitqnNprs0678', desk.supervised), 0);
  assert.deepEqual(desk.control.state.ending, { reason: 'requested', exitCode: 0 });
});

test('s6-svscanctl on another directory is left to the real program', async () => {
  assert.equal(await new Desk([web]).call('s6-svscanctl -t /run/other'), 'elsewhere');
});
