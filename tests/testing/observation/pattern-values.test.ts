import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionsError } from '../../../lib/index.ts';
import type { EventPattern } from '../../../lib/testing/index.ts';
import { simulate } from '../../../lib/testing/index.ts';
import { fine } from '../../loader/trees.ts';

/*
 * Patterns that no event can meet, as JavaScript may write them.
 */

for (const [pattern, message] of [
  [{ type: 'phase', to: 'runing' }, /no event of type 'phase' has to: 'runing'\. .*'running'\?/i],
  [{ type: 'phase', from: 'load' }, /There are: loaded, initializing/],
  [{ type: 'stage', stage: 'services.d' }, /'services\.d'\. Did you mean 'services'\?/],
  [{ type: 'stage', stage: 'init', status: 'complete' }, /Did you mean 'completed'\?/],
  [{ type: 'script', stage: 'services' }, /There are: init, finish, command\./],
  [{ type: 'script', status: 'exitd' }, /Did you mean 'exited'\?/],
  [{ type: 'service', to: 'running' }, /Did you mean 'up'\?/],
  [{ type: 'service', to: 'ready' }, /There are: down, starting/],
  [{ type: 'service', cause: 'exitted' }, /Did you mean 'exited'\?/],
  [{ type: 'service', servcie: 'web' }, /has a field 'servcie'\. Did you mean 'service'\?/],
  [{ type: 'output', stream: 'stdrr' }, /Did you mean 'stderr'\?/],
] as const) {
  test(`until() rejects ${JSON.stringify(pattern)} at once`, async () => {
    await using life = await simulate({ 'services.d/web/run': fine });
    await assert.rejects(
      life.until(pattern as unknown as EventPattern),
      (error) => error instanceof OptionsError && message.test(error.message),
    );
    assert.equal(life.clock.now(), 0);
  });
}
