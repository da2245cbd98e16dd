import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { notifyOnCheck } from '../../../lib/host/shims/notify-on-check.ts';
import { read, until } from '../../processes.ts';
import { rig, waitFor } from '../rig.ts';
import type { Life, Rig } from '../rig.ts';

/** A service with a program that `s6-notifyoncheck` runs with these arguments. */
interface Checked {
  readonly words?: string;
  readonly check?: string;
  readonly program?: string;
  readonly notificationFd?: number;
}

interface Served {
  readonly life: Life;
  /** The service directory. */
  readonly folder: string;
}

function serve({ file, folder, start }: Rig, checked: Checked): Served {
  const { words = '', program = 'echo up; exec sleep 600', notificationFd = 3 } = checked;
  const name = `web${readdirSync(folder).length}`;
  if (checked.check !== undefined) file(`${name}/data/check`, `#!/bin/sh\n${checked.check}\n`);
  file(`${name}/program`, `#!/bin/sh\n${program}\n`);
  file(`${name}/notification-fd`, `${notificationFd}\n`);
  const script = file(`${name}/run`, `#!/bin/sh\nexec s6-notifyoncheck ${words}\n`);
  const life = start({ program: { script }, notificationFd });
  return { life, folder: join(folder, name) };
}

/** The number of living processes in the group of a child, without itself. */
function companions({ pid }: Life): number {
  return readdirSync('/proc').filter((name) => {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : '';
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(group) === pid && Number(name) !== pid && state !== 'Z';
  }).length;
}

async function isAlone(life: Life): Promise<void> {
  await until(() => companions(life) === 0, 'the poller to be gone');
}

const lineCount = (path: string): number =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;

test('the service is ready as soon as a check succeeds', async (t) => {
  const set = await rig(t);
  const { life, folder } = serve(set, {
    words: '-w 30 ./program',
    check: 'echo try >> tries; echo seen; [ "$(wc -l < tries)" -ge 3 ]',
  });
  await life.tells('announced');
  assert.equal(lineCount(join(folder, 'tries')), 3);
  assert.equal(life.lines.filter((line) => line === 'seen').length, 3, 'its output goes to stdout');
  await isAlone(life);
  life.kill('SIGTERM');
  assert.deepEqual(await life.over, { code: null, signal: 'SIGTERM' });
});

test('after the last try no check follows, and the program stays alive', async (t) => {
  const set = await rig(t);
  const { life, folder } = serve(set, {
    words: '-w 20 -n 2 ./program',
    check: 'echo >> tries; false',
  });
  await until(() => lineCount(join(folder, 'tries')) === 2, 'two tries');
  await life.tells('stdout: up');
  await isAlone(life);
  assert.equal(lineCount(join(folder, 'tries')), 2);
  assert.equal(life.exit, undefined);
  assert.equal(life.told.includes('announced'), false);
});

test('with -w 0 there is one try, and with -n 0 the number of tries is unlimited', async (t) => {
  const set = await rig(t);
  const once = serve(set, { words: '-w 0 ./program', check: 'echo >> tries; false' });
  await until(() => lineCount(join(once.folder, 'tries')) === 1, 'a try');
  await isAlone(once.life);
  const endless = serve(set, {
    words: '-w 10 -n 0 ./program',
    check: 'echo >> tries; false',
  });
  await until(() => lineCount(join(endless.folder, 'tries')) > 8, 'more than seven tries');
});

test('when the program dies, the poller and its check end by themselves', async (t) => {
  const set = await rig(t);
  for (const words of ['./program', '-d ./program', '-s 600000 ./program']) {
    const { life, folder } = serve(set, {
      words,
      check: 'echo >> tries; exec sleep 600',
      program: words.startsWith('-s') ? 'exit 7' : `${waitFor('tries')}; exit 7`,
    });
    assert.deepEqual(await life.over, { code: 7, signal: null }, words);
    await isAlone(life);
    assert.equal(existsSync(join(folder, 'tries')), !words.startsWith('-s'));
  }
});

for (const [how, options] of [
  ['', ''],
  [', with -d', '-d '],
] as const) {
  test(`beside a service the polls go on after the program has exited, and end when the service dies${how}`, async (t) => {
    const { file, folder, start } = await rig(t);
    file('web/data/check', '#!/bin/sh\necho >> tries\n[ -e there ]\n');
    file('web/notification-fd', '3\n');
    const script = file(
      'web/run',
      `#!/bin/sh\ns6-notifyoncheck ${options}-w 20 -n 0 echo waiting\nwhile :; do sleep 600; done\n`,
    );
    const life = start({ program: { script }, notificationFd: 3 });
    await life.tells('stdout: waiting');
    const tries = lineCount(join(folder, 'web/tries'));
    await until(() => lineCount(join(folder, 'web/tries')) > tries + 10, 'further tries');
    file('web/there', '');
    await life.tells('announced');
    const next = start({
      program: { script: file('api/run', readFileSync(script)) },
      notificationFd: 3,
    });
    file('api/data/check', '#!/bin/sh\necho >> tries\nfalse\n');
    file('api/notification-fd', '3\n');
    await until(() => lineCount(join(folder, 'api/tries')) > 0 || next.exit !== undefined, 'a try');
    assert.equal(next.exit, undefined);
    next.kill('SIGKILL');
    await next.over;
    await until(() => companions(next) <= 1, 'the poller to be gone'); // the sleep of the service stays
  });
}

test('a poller leaves no process behind, not even one that was just forked', async (t) => {
  const { sh } = await rig(t);
  const [abandon] =
    /^abandon\(\) \{$.*?^\}$/ms.exec(notifyOnCheck) ?? assert.fail('it is not there');
  // A child that has just been forked has its parent's handler, and forgets what that has noted: TERM comes a little later each time.
  const life = sh(`${abandon}
    i=0
    while [ $i -lt 100 ]; do
      i=$((i + 1)) n=0
      (_child=; trap abandon TERM; sleep 600 >/dev/null 2>&1 & _child=$!; wait $_child) 2>/dev/null &
      while [ $n -lt $((i * 60)) ]; do n=$((n + 1)); done
      { kill $!; wait $!; } 2>/dev/null
    done
    echo over
    exec sleep 600`);
  await until(() => life.lines.includes('over'), 'the last of a hundred', 60_000);
  assert.equal(companions(life), 0);
});

test('the poller and its check exit at TERM', async (t) => {
  const set = await rig(t);
  const { life } = serve(set, { words: '-s 600000 ./program', check: 'true' });
  await life.tells('stdout: up');
  assert.ok(companions(life) > 0);
  life.kill('SIGKILL');
  await life.over;
  await life.swept(10_000);
  assert.equal(companions(life), 0);
});

test('a check that takes longer than -t has failed, and all checks end after -T', async (t) => {
  const set = await rig(t);
  const local = serve(set, {
    words: '-t 50 -w 10 ./program',
    check: '[ -e hung ] || { : > hung; exec sleep 600; }',
  });
  await local.life.tells('announced');
  const all = serve(set, { words: '-T 300 ./program', check: 'exec sleep 600' });
  await all.life.tells('stdout: up');
  await isAlone(all.life);
  assert.equal(all.life.exit, undefined);
});

test('-c is a command line that replaces data/check', async (t) => {
  const set = await rig(t);
  const { life } = serve(set, { words: '-c "test -e program" ./program' });
  await life.tells('announced');
});

test('-3 overrides the descriptor of the file', async (t) => {
  const set = await rig(t);
  set.file('web/data/check', '#!/bin/sh\n');
  const script = set.file('web/run', '#!/bin/sh\nexec s6-notifyoncheck -3 4 sleep 600\n');
  const life = set.start({ program: { script }, notificationFd: 4 });
  await life.tells('announced');
});

test('the program keeps its descriptors, except that for the notification', async (t) => {
  const set = await rig(t);
  const plain = set.start({ program: { command: ['ls', '/proc/self/fd'] } });
  await plain.over;
  for (const notificationFd of [3, 12]) {
    const { life } = serve(set, { words: 'ls /proc/self/fd', check: 'true', notificationFd });
    await life.over;
    assert.deepEqual(life.lines, plain.lines);
  }
});

test('the program gets its arguments and variables unchanged', async (t) => {
  const set = await rig(t);
  const { life } = serve(set, {
    words: `sh -c 'printf "%s|" "$@"; env | grep -c "^_[a-z]"' x 'a b' '*' ''`,
    check: 'false',
  });
  await life.over;
  assert.deepEqual(life.lines, ['a b|*||0']);
});

test('wrong usage exits with 100, an error of the system with 111', async (t) => {
  const set = await rig(t);
  const cases = [
    ['', 100, /usage/],
    ['-x ./program', 100, /usage/],
    ['-n many ./program', 100, /usage/],
    ['-w -1 ./program', 100, /usage/],
    ['-T 99999999999 ./program', 100, /usage/],
    ['-n', 100, /usage/],
    ['-3 9 ./program', 111, /descriptor 9 is not open/],
  ] as const;
  for (const [words, code, message] of cases) {
    const { life } = serve(set, { words });
    assert.deepEqual(await life.over, { code, signal: null }, words);
    assert.match(life.told.join('\n'), message, words);
  }
  const { start, file } = set;
  const run = '#!/bin/sh\nexec s6-notifyoncheck true\n';
  const without = start({ program: { script: file('without/run', run) } });
  assert.equal((await without.over)?.code, 111);
  file('senseless/notification-fd', 'three\n');
  const senseless = start({ program: { script: file('senseless/run', run) } });
  assert.equal((await senseless.over)?.code, 100);
});

test('for a service of the real s6 the real program runs', async (t) => {
  const { start, file, folder, environment } = await rig(t);
  environment.set('PATH', `${folder}/s6:${environment.get('PATH')}`);
  file('s6/s6-svok', '#!/bin/sh\n[ -e supervise/ok ]\n');
  file('s6/s6-notifyoncheck', '#!/bin/sh\necho "real $*"\n');
  file('web/notification-fd', '3\n');
  file('web/data/check', '#!/bin/sh\n');
  file('web/supervise/lock', '');
  const script = file('web/run', '#!/bin/sh\nexec s6-notifyoncheck -n 3 echo ours\n');
  const left = start({ program: { script }, notificationFd: 3 });
  await left.over;
  assert.deepEqual(left.lines, ['ours'], 's6 was here, but does not run');
  file('web/supervise/ok', '');
  const theirs = start({ program: { script }, notificationFd: 3 });
  await theirs.over;
  assert.deepEqual(theirs.lines, ['real -n 3 echo ours']);
});
