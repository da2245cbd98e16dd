import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { unlessInCI } from '../skipping.ts';

test('a missing requirement skips a test, but not in CI', () => {
  assert.equal(unlessInCI('not here', false), 'not here');
  assert.equal(unlessInCI(false, false), false);
  assert.equal(unlessInCI('not here', true), false);
});

for (const file of ['container/namespace.ts', 'host/run-host.ts']) {
  test(`${file}: without a namespace tests are skipped, but not in CI`, () => {
    const reasonIn = (ci: string): string => {
      const url = new URL(`../${file}`, import.meta.url).href;
      const ask = `const { noContainers, whyNoProcess1 } = await import('${url}');
        process.stdout.write(String(noContainers ?? whyNoProcess1()));`;
      const words = ['--import', 'tsx', '--input-type=module', '--eval', ask];
      const env = { ...process.env, CI: ci, PATH: '/nowhere' };
      return spawnSync(process.execPath, words, { env, encoding: 'utf8' }).stdout;
    };
    assert.match(reasonIn(''), /no PID namespace|only root|only Linux/);
    assert.equal(reasonIn('true'), 'false');
  });
}
