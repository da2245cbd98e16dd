import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lossyVariables } from '../../../lib/host/variables/lossy-variables.ts';

const skip = existsSync('/proc/self/environ') ? false : 'there is no /proc here';

test(
  'variables with bytes that are not UTF-8 are found among those of the process',
  { skip },
  () => {
    const file = fileURLToPath(
      new URL('../../../lib/host/variables/lossy-variables.ts', import.meta.url),
    );
    const script = `
    import { lossyVariables } from ${JSON.stringify(file)};
    process.env.CHANGED = 'since';
    console.log(JSON.stringify([...lossyVariables(process.env)]));`;
    const shell = `LATIN=$(printf 'caf\\351') CHANGED=$(printf '\\377') PROPER=$(printf '\\357\\277\\275') exec "$@"`;
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
    const printed = execFileSync('sh', ['-c', shell, 'sh', ...node], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(printed), ['LATIN']);
  },
);

test('without a suspect variable, /proc is not read', () => {
  assert.deepEqual([...lossyVariables({ A: 'a', B: 'é', C: undefined })], []);
});
