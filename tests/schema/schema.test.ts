/*
 * Validation beside a host that uses zod itself: every copy of zod in a process shares one configuration.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';

const hostSays = (): string | undefined => z.string().safeParse(5).error?.issues[0]?.message;

test("the host's zod and this library's do not change each other's messages", async (t) => {
  const before = { ...z.config() };
  t.after(() => z.config({ customError: undefined, ...before }));
  z.config(z.locales.de());
  const german = hostSays();
  const { OptionsError, Supervisor, TreeError } = await import('../../lib/index.ts');
  assert.equal(hostSays(), german, 'the import changes nothing');
  z.config({ customError: () => 'the host says no' });
  assert.throws(
    () => new Supervisor({ services: [] }, { strict: 'yes' as never, timeouts: { init: -1 } }),
    (error: unknown) => {
      assert.ok(error instanceof OptionsError);
      assert.match(error.message, /strict: expected boolean, got "yes"/);
      assert.doesNotMatch(error.message, /host says/);
      return true;
    },
  );
  assert.throws(
    () => new Supervisor({ services: [{ name: 'web', run: 5 as never }] }),
    (error: unknown) => {
      assert.ok(error instanceof TreeError);
      assert.doesNotMatch(error.message, /host says|erwartet/);
      return true;
    },
  );
  assert.equal(hostSays(), 'the host says no');
});
