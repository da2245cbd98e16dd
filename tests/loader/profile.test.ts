import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProfileName, profileFolder, profileOf } from '../../lib/loader/profile.ts';
import { literalFiles } from '../../lib/loader/files/literal-files.ts';
import { OptionsError, Supervisor, TreeError } from '../../lib/index.ts';
import { check, simulate } from '../../lib/testing/index.ts';

const files = {
  'cont-init.d/10-base': '#!/bin/sh\n',
  'services.d/web/run': '#!/bin/sh\n',
  'cont-profile.d/p1/cont-init.d/10-p1': '#!/bin/sh\n',
  'cont-profile.d/p2/services.d/db/run': '#!/bin/sh\n',
};

function problemOf(act: () => unknown): { readonly code: string; readonly text: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof TreeError && error.problems[0] !== undefined) {
      return { code: error.problems[0].code, text: error.message };
    }
    throw error;
  }
  throw new Error('It did not throw.');
}

test('the name of a profile is one component of a path', () => {
  const names = ['p1', 'a b', '.x', '', '.', '..', 'a/b', '/etc', 'a\0'];
  assert.deepEqual(names.filter(isProfileName), ['p1', 'a b', '.x']);
});

test('the variable names a profile; an empty one names none', () => {
  assert.equal(profileOf({ S6_RUNTIME_PROFILE: 'p1' }), 'p1');
  assert.equal(profileOf({ S6_RUNTIME_PROFILE: '' }), undefined);
  assert.equal(profileOf({}), undefined);
});

test('a missing profile is reported with its name, its variable, and the existing profiles', () => {
  const { code, text } = problemOf(() => profileFolder('/tree', 'p3', literalFiles(files)));
  assert.equal(code, 'root-missing');
  for (const word of ["'p3'", 'p1, p2', 'S6_RUNTIME_PROFILE', '/tree/cont-profile.d/p3']) {
    assert.ok(text.includes(word), `${word} in ${text}`);
  }
});

test('an invalid name of a profile is rejected without a search', () => {
  const { code, text } = problemOf(() => profileFolder('/tree', '../..', literalFiles(files)));
  assert.equal(code, 'root-missing');
  assert.match(text, /one component of a path/);
});

test('a profile replaces the whole tree', async () => {
  for (const options of [{ profile: 'p1' }, { variables: { S6_RUNTIME_PROFILE: 'p1' } }]) {
    const life = await simulate(files, options);
    await life.supervisor.start();
    assert.deepEqual(life.spawner.spawned, ['10-p1']);
    await life[Symbol.asyncDispose]();
  }
});

test('the option takes precedence over the variable', async () => {
  const life = await simulate(files, { profile: 'p2', variables: { S6_RUNTIME_PROFILE: 'p1' } });
  assert.deepEqual([...life.supervisor.services.keys()], ['db']);
});

test('a profile can be checked', async () => {
  assert.deepEqual(await check(files, { profile: 'p1' }), []);
  const [problem] = await check(files, { profile: 'p3' });
  assert.equal(problem?.code, 'root-missing');
});

test('the options reject a name that is a path, and a finished tree accepts no profile', async () => {
  const bad = Supervisor.load('/nowhere', { profile: 'a/b' });
  await assert.rejects(bad, /profile: expected a name that is one component of a path/);
  assert.throws(() => new Supervisor({}, { profile: 'p1' }), OptionsError);
});

test('a missing root is reported as without a profile', async () => {
  await assert.rejects(Supervisor.load('/nowhere', { profile: 'p1' }), /nowhere" is missing/);
});
