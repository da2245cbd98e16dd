import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { divider, parseScenario } from './scenarios/parse.ts';
import { play } from './scenarios/play.ts';

/*
 * Each file of `scenarios/` is the life of a whole tree in virtual time: its files, the steps, and every event that
 * follows. Those in a folder of their own follow the test cases of other supervisors. `UPDATE=1` writes the transcripts
 * again; review the difference.
 */

const folder = new URL('scenarios/', import.meta.url);
const update = process.env['UPDATE'] === '1';
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .toSorted();

for (const name of files) {
  const file = new URL(name, folder);
  const scenario = parseScenario(readFileSync(file, 'utf8'));
  test(`${name}: ${scenario.title}`, async () => {
    const played = await play(scenario);
    if (update) writeFileSync(file, `${scenario.written}${divider}\n${played}`);
    else assert.equal(played, scenario.transcript);
  });
}

test('there are scenarios, each with a title and steps', () => {
  assert.ok(files.length > 10);
  for (const name of files) {
    const { title, steps } = parseScenario(readFileSync(new URL(name, folder), 'utf8'));
    assert.ok(title !== '' && steps.length > 0, name);
  }
});

test('a scenario in a folder of its own names its origin', () => {
  const retold = files.filter((name) => dirname(name) !== '.');
  assert.ok(retold.length >= 60);
  for (const name of retold) {
    const { origin } = parseScenario(readFileSync(new URL(name, folder), 'utf8'));
    assert.ok(origin !== undefined, name);
  }
});

test('an unknown word in a scenario is an error', async () => {
  const failing = (text: string): Promise<unknown> => play(parseScenario(text));
  await assert.rejects(failing('  services.d/web/ron\n'), /What is services\.d\/web\/ron\?/);
  await assert.rejects(failing('  services.d/web/run sleeps\n'), /'sleeps' is nothing that/);
  await assert.rejects(
    failing('  services.d/web/run leaves nothing\n'),
    /'nothing' is not a kind of leftover/,
  );
  await assert.rejects(failing('dance\n'), /No child 'dance' is alive/);
  await assert.rejects(failing('  services.d/web/run\nstart\nweb dances\n'), /What is 'dances'\?/);
});
