import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { test } from 'node:test';
import { read } from '../../processes.ts';
import { testFolder, whoRuns } from '../folder.ts';
import { rig } from '../rig.ts';
import { shells, without } from '../shells.ts';
import { tools } from '../tools.ts';
import type { Tools } from '../tools.ts';

const usual = ['sh', 'env', 'id', 'cat', 'echo'];

/** The account of a process. A primary group that is also a supplementary group changes no permission. */
interface Identity {
  readonly uids: string;
  readonly gids: string;
  readonly groups: readonly string[];
}

function identityOf(status: string): Identity {
  const field = (name: string): string =>
    new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(status)?.[1]?.replaceAll('\t', ' ') ?? '';
  const primary = field('Gid').split(' ')[0] ?? '';
  const groups = new Set([primary, ...field('Groups').split(' ')]);
  return { uids: field('Uid'), gids: field('Gid'), groups: [...groups].filter(Boolean).sort() };
}

function identity(uid: string, groups: readonly string[]): Identity {
  const four = (id: string): string => [id, id, id, id].join(' ');
  return { uids: four(uid), gids: four(groups[0] ?? ''), groups: [...new Set(groups)].sort() };
}

/** An account in several groups, if there is one. */
const account =
  read('/etc/group')
    .split('\n')
    .map((line) => line.split(':')[3]?.split(',')[0] ?? '')
    .find((name) => name !== '' && name !== 'root') ?? 'nobody';

const idOf = (...words: readonly string[]): string =>
  execFileSync('id', [...words], { encoding: 'utf8' }).trim();

const expected = {
  [account]: () => identity(idOf('-u', account), idOf('-G', account).split(' ')),
  nobody: () => identity(idOf('-u', 'nobody'), idOf('-G', 'nobody').split(' ')),
  '33:44': () => identity('33', ['44']),
  '60000:0': () => identity('60000', ['0']),
};

const script = 'cat /proc/self/status; echo "HOME=$HOME pid=$$"; printf "<%s>" "$@"';

function becomes({ run }: Tools, accounts: readonly string[], shell: readonly string[] = []): void {
  for (const each of accounts) {
    const words = ['s6-setuidgid', each, 'sh', '-c', script, 'sh', 'a b', '-c', '', '*'];
    const { code, stdout, stderr } = run(words, { shell });
    assert.equal(code, 0, stderr);
    assert.deepEqual(identityOf(stdout), expected[each]?.(), each);
    assert.match(stdout, /HOME=\/home pid=\d+\n<a b><-c><><\*>$/);
  }
}

const root = whoRuns.root;
for (const way of ['s6-setuidgid', 'setpriv', 'gosu', 'chpst']) {
  const skip = root === false ? without(way) : root;
  test(`${way} is used if no preferred program is installed`, { skip }, async (t) => {
    const box = await tools(t, ...usual, way);
    becomes(box, [account, 'nobody', '33:44', '60000:0']);
    assert.equal(box.run(['s6-setuidgid', 'nobody', 'sh', '-c', 'exit 7']).code, 7);
  });
}

for (const { name, words, skip } of shells) {
  const reason = root === false ? (skip === false ? without('setpriv') : skip) : root;
  test(`under ${name} it works as under any shell`, { skip: reason }, async (t) => {
    becomes(await tools(t, ...usual, 'setpriv'), [account, '33:44'], words);
  });
}

test('HOME is unchanged with programs that would set it', { skip: root }, async (t) => {
  const { run, fake } = await tools(t, ...usual);
  fake('su-exec', 'echo "$1"; shift; HOME=/theirs exec "$@"');
  const words = ['s6-setuidgid', 'nobody', 'sh', '-c', 'echo "${HOME-none}"'];
  assert.equal(run(words).stdout, 'nobody\n/home\n');
  assert.equal(run(words, { variables: { HOME: undefined } }).stdout, 'nobody\nnone\n');
  fake('no=program', 'echo "it $*"');
  assert.equal(run(['s6-setuidgid', '33:44', 'no=program', 'c=d']).stdout, '33:44\nit c=d\n');
});

test(
  'busybox: its setpriv and chpst are passed over, its su is used',
  { skip: root },
  async (t) => {
    const { run, fake, alias } = await tools(t, ...usual);
    fake('busybox', 'printf "<%s>" "${0##*/}" "$@"');
    for (const name of ['setpriv', 'chpst', 'su']) alias(name, 'busybox');
    const { stdout } = run(['s6-setuidgid', 'nobody', 'echo', 'a b', '-c']);
    const options = '<-m><-s></bin/sh><-c><exec "$@"><-->';
    assert.equal(stdout, `<su>${options}<nobody><s6-setuidgid><echo><a b><-c>`);
    const numbers = run(['s6-setuidgid', '33:44', 'echo']);
    assert.equal(numbers.code, 111, 'su knows names only');
  },
);

test(
  'the su of others is not used, and then it says what to install',
  { skip: root },
  async (t) => {
    const { run, fake } = await tools(t, ...usual);
    for (const name of ['busybox', 'su']) fake(name, 'echo used');
    const { code, stdout, stderr } = run(['s6-setuidgid', 'nobody', 'echo']);
    assert.deepEqual([code, stdout], [111, '']);
    assert.match(
      stderr,
      /^s6-setuidgid: fatal: .* nobody: install util-linux \(setpriv\), su-exec/,
    );
  },
);

test('wrong usage exits with 100, an unknown account with 1, a missing program with 127', async (t) => {
  const { run, link } = await tools(t, ...usual);
  if (without('setpriv') === false) link('setpriv');
  const codes: readonly (readonly [number, ...string[]])[] = [
    [100],
    [100, 'nobody'],
    [100, '33:', 'echo'],
    [100, ':44', 'echo'],
    [100, '33:44:55', 'echo'],
    [100, 'nobody:nogroup', 'echo'],
    [1, 'there-is-no-such-account', 'echo'],
    [1, '33', 'echo'],
    [1, '--', 'echo'],
    [127, '', 'there-is-no-such-program'],
  ];
  for (const [code, ...words] of codes) {
    const ran = run(['s6-setuidgid', ...words]);
    assert.equal(ran.code, code, `${words.join(' ')}: ${ran.stderr}`);
    assert.equal(ran.stdout, '');
  }
  assert.match(run(['s6-setuidgid', 'nosuch', 'echo']).stderr, /fatal: unknown user: nosuch\n$/);
  assert.equal(run(['s6-setuidgid', '', 'echo', 'as before']).stdout, 'as before\n');
});

const asNobody = root === false ? without('setpriv') : root;
test(
  'a process that has the account already runs the program, another one is rejected',
  { skip: asNobody },
  async (t) => {
    const { folder, shims, fake, run, link } = await tools(t, ...usual, 'setpriv');
    const [uid, gid] = [idOf('-u', 'nobody'), idOf('-g', 'nobody')];
    execFileSync('cp', ['-r', shims, `${folder}/bin`]);
    const attempt = (...words: readonly string[]): readonly [number | null, string, string] => {
      fake('try', `exec setpriv --reuid ${uid} --regid ${gid} --clear-groups -- "$@"`);
      const program = [`${folder}/tools/try`, `${folder}/bin/s6-setuidgid`, ...words];
      const { code, stdout, stderr } = run(['s6-setuidgid', '', ...program]);
      return [code, stdout, stderr];
    };
    for (const same of ['nobody', `${uid}:${gid}`]) {
      assert.deepEqual(attempt(same, 'echo', 'on'), [0, 'on\n', '']);
    }
    const [code, , message] = attempt('33:44', 'echo', 'on');
    assert.equal(code, 111);
    assert.match(message, /fatal: only root can become 33:44, and this is uid \d+/);
    assert.equal(attempt('there-is-no-such-account', 'echo')[0], 1);
    if (without('s6-setuidgid') !== false) return;
    link('s6-setuidgid');
    assert.match(attempt('33:44', 'echo')[2], /s6-applyuidgid/, 'the real one may say no itself');
  },
);

test('two shims that find one another do not loop', { skip: asNobody }, async (t) => {
  const outer = await tools(t, ...usual, 'setpriv');
  const inner = await tools(t);
  const path = `${inner.shims}:${outer.variables['PATH'] ?? ''}`;
  const words = ['s6-setuidgid', 'nobody', 'sh', '-c', script];
  const { stdout, code } = inner.run(words, { variables: { PATH: path } });
  assert.equal(code, 0);
  assert.deepEqual(identityOf(stdout), expected['nobody']());
});

test(
  'a script becomes another account, with a PATH of which it cannot enter all',
  { skip: root },
  async (t) => {
    const { sh } = await rig(t);
    const life = sh(
      `echo $$; exec s6-setuidgid nobody sh -c 'echo $$; id -un; ls -d /; nosuch; echo $?'`,
    );
    await life.over;
    const pid = String(life.pid);
    assert.deepEqual(life.lines.slice(0, 4), [pid, pid, 'nobody', '/']);
    assert.match(life.lines[4] ?? '', /^12[67]$/);
  },
);

test(
  'another account may not have the container environment, but in /run/s6',
  { skip: root },
  async (t) => {
    const runtimeDirectory = await testFolder(t);
    chmodSync(runtimeDirectory, 0o755);
    const { sh, environment } = await rig(t, { runtimeDirectory, variables: { FOO: 'bar' } });
    const script = `exec s6-setuidgid nobody with-contenv sh -c 'id -un; echo "$FOO"; printcontenv FOO'`;
    const refused = sh(script, { stderr: 'lines' });
    await refused.over;
    assert.deepEqual([refused.exit?.code, refused.lines], [111, []]);
    assert.match(
      refused.told.join('\n'),
      /with-contenv: fatal: unable to read .*container_environment/,
    );
    chmodSync(environment.directory, 0o755); // its mode there
    const life = sh(script);
    await life.over;
    assert.deepEqual(life.lines, ['nobody', 'bar', 'bar']);
  },
);
