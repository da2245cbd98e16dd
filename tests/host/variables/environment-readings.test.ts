import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { EnvironmentReadings } from '../../../lib/host/variables/environment-readings.ts';
import { Environment } from '../../../lib/host/variables/environment.ts';
import { RuntimeDirectory } from '../../../lib/host/directory/runtime-directory.ts';
import { testFolder } from '../folder.ts';

async function rig(t: TestContext): Promise<{
  environment: Environment;
  readings: EnvironmentReadings;
  /** A script changes a variable, without a notification. */
  script(name: string, value: string): void;
}> {
  const runtime = new RuntimeDirectory(join(await testFolder(t), 'runtime'));
  const environment = new Environment(runtime, { GREETING: 'hello' });
  return {
    environment,
    readings: new EnvironmentReadings(environment, runtime),
    script(name, value) {
      writeFileSync(join(environment.directory, name), `${value}\n`);
    },
  };
}

test('processes that were requested before a reading share it; later ones get a new reading', async (t) => {
  const { readings, script } = await rig(t);
  const [first, second] = [readings.ask(), readings.ask()];
  const shared = readings.since(first);
  script('GREETING', 'good evening');
  assert.equal(readings.since(second), shared);
  assert.equal(shared['GREETING'], 'hello');
  assert.ok(Object.isFrozen(shared), 'no process can change the variables of another one');
  const third = readings.ask();
  const later = readings.since(third);
  assert.equal(later['GREETING'], 'good evening');
  assert.equal(readings.since(first), later, 'the newest is for all');
});

test('a change by the host takes effect at once', async (t) => {
  const { readings, environment } = await rig(t);
  const moment = readings.ask();
  readings.since(moment);
  environment.set('GREETING', 'good night');
  assert.equal(readings.since(moment)['GREETING'], 'good night');
  environment.delete('GREETING');
  assert.equal(readings.since(moment)['GREETING'], undefined);
});

test('a reading makes a missing folder again', async (t) => {
  const { readings, environment } = await rig(t);
  readings.since(readings.ask());
  rmSync(environment.directory, { recursive: true });
  assert.equal(readings.since(readings.ask())['GREETING'], 'hello');
  assert.equal(existsSync(join(environment.directory, 'GREETING')), true);
});
