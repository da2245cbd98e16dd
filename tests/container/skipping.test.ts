import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { onlyRootCan, rootMayDoEverything, unlessInCI } from '../skipping.ts';

test('a missing requirement skips a test, and fails it in CI', () => {
  assert.equal(unlessInCI('not here', false), 'not here');
  assert.equal(unlessInCI(false, false), false);
  assert.equal(unlessInCI(false, true), false);
  assert.throws(() => unlessInCI('not here', true), /^Error: In CI no test may .*: not here$/);
});

test('a test of another account is skipped in CI, too', () => {
  for (const reason of [rootMayDoEverything, `${onlyRootCan} do this`])
    assert.equal(unlessInCI(reason, true), reason);
});

/** What to import, and the reason that it gives here, in a Worker without programs. */
const sources = [
  { file: '../container/namespace.ts', ask: 'noContainers', reason: /no PID namespace/ },
  { file: '../host/run-host.ts', ask: 'whyNoProcess1()', reason: /no PID namespace/ },
  { file: '../host/shells.ts', ask: `without('mkfifo')`, reason: /not installed: mkfifo/ },
  { file: '../host/ways.ts', ask: `without('native')`, reason: /not started natively: .*Worker/ },
];

for (const { file, ask, reason } of sources) {
  test(`${file}: what is missing skips tests, and fails them in CI`, () => {
    const url = new URL(file, import.meta.url).href;
    const code = `void (async () => {
      (await import('tsx/esm/api')).register();
      const { noContainers, whyNoProcess1, without } = await import('${url}');
      process.stdout.write(String(${ask}));
    })();`;
    const host = `import { Worker } from 'node:worker_threads';
      new Worker(${JSON.stringify(code)}, { eval: true });`;
    const words = ['--import', 'tsx', '--input-type=module', '--eval', host];
    const answer = (CI: string): { stdout: string; stderr: string; status: number | null } => {
      const env = { ...process.env, CI, PATH: '/nowhere' };
      return spawnSync(process.execPath, words, { env, encoding: 'utf8' });
    };
    const outside = answer('');
    const isOtherAccount = outside.stdout.startsWith(onlyRootCan);
    if (!isOtherAccount) assert.match(outside.stdout, reason);
    const inside = answer('true');
    assert.equal(inside.stdout, isOtherAccount ? outside.stdout : '');
    if (isOtherAccount) return;
    assert.match(inside.stderr, /In CI no test may be skipped because of this/);
    assert.equal(inside.status, 1);
  });
}
