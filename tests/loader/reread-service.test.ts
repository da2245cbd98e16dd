import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rereadService } from '../../lib/loader/reread-service.ts';
import type { ServiceReading } from '../../lib/loader/reread-service.ts';
import { literalFiles } from '../../lib/loader/files/literal-files.ts';
import type { TreeFiles } from '../../lib/loader/files/literal-files.ts';
import type { ServiceSpec } from '../../lib/model/tree.ts';
import { serviceIn } from '../../lib/model/tree.ts';
import { fine, loadLiteral, short } from './trees.ts';

const run = { 'services.d/web/run': fine };

/** Loads a service from some files, and reads its directory again when there are others. */
async function look(
  before: TreeFiles,
  after: TreeFiles,
  name = 'web',
): Promise<ServiceReading | undefined> {
  const known = serviceIn((await loadLiteral(before)).tree, name);
  assert.ok(known !== undefined);
  return rereadService('/tree', known, literalFiles(after));
}

/** The service as a load of these files gives it, without checks against a machine. */
async function loaded(files: TreeFiles, name = 'web'): Promise<ServiceSpec | undefined> {
  return serviceIn((await loadLiteral(files)).tree, name);
}

const full: TreeFiles = {
  ...run,
  'services.d/web/finish': fine,
  'services.d/web/down': '',
  'services.d/web/notification-fd': '3',
  'services.d/web/timeout-kill': '700\n',
  'services.d/web/timeout-finish': '800\n',
  'services.d/web/down-signal': 'HUP',
  'services.d/web/max-death-tally': '9',
};

test('lookAgain finds control files and finish as a load does, whether they appear or disappear', async () => {
  assert.deepEqual(await look(run, full), { spec: await loaded(full), problems: [] });
  assert.deepEqual(await look(full, run), { spec: await loaded(run), problems: [] });
  assert.deepEqual(await look(full, full), { spec: await loaded(full), problems: [] });
});

test('the result is frozen, and the same JSON as that of a load', async () => {
  const found = await look(run, full);
  assert.equal(JSON.stringify(found?.spec), JSON.stringify(await loaded(full)));
  assert.ok(Object.isFrozen(found) && Object.isFrozen(found?.spec.finish));
});

test('a logger has a directory of its own', async () => {
  const before = { ...run, 'services.d/web/log/run': fine };
  const after = { ...before, 'services.d/web/log/timeout-kill': '5' };
  const found = await look(before, after, 'web/log');
  assert.deepEqual(found?.spec, await loaded(after, 'web/log'));
});

test('a logger that appears or disappears is left to the next reading of the whole tree', async () => {
  const logged = { ...run, 'services.d/web/log/run': fine };
  assert.deepEqual((await look(run, logged))?.spec, await loaded(run));
  assert.deepEqual((await look(logged, run))?.spec, await loaded(logged));
});

test('an invalid value is reported, and its default holds', async () => {
  const found = await look(full, { ...full, 'services.d/web/timeout-kill': 'soon' });
  assert.deepEqual(found?.problems.map(short), ['value-invalid services.d/web/timeout-kill']);
  assert.equal(found.spec.killTimeout, undefined);
});

test('run is not examined, since it is when it is executed', async () => {
  const found = await look(run, { 'services.d/web/run': '#!/no/such\r\n' });
  assert.deepEqual(found, { spec: await loaded(run), problems: [] });
});

test('a field that no file sets keeps its known value', async () => {
  const known = await loaded(run);
  assert.ok(known !== undefined);
  const found = rereadService('/tree', { ...known, restart: 'never' }, literalFiles(full));
  assert.deepEqual([found?.spec.restart, found?.spec.killTimeout], ['never', 700]);
});

test('lookAgain returns undefined when the directory is gone or is not a folder', async () => {
  assert.equal(await look(run, { 'services.d/api/run': fine }), undefined);
  assert.equal(await look(run, { 'services.d/web': 'a file' }), undefined);
});

test('lookAgain returns undefined for a service that was made in code', async () => {
  const known = await loaded(run);
  assert.ok(known !== undefined);
  for (const program of [{ command: ['web'] }, { script: '/opt/web/run' }]) {
    assert.equal(rereadService('/tree', { ...known, run: program }, literalFiles(full)), undefined);
  }
});
