import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exit,
  exitOf,
  hang,
  ignores,
  print,
  ready,
  sequence,
  stepsOf,
  unspawnable,
} from '../../../lib/testing/simulation/behaviour.ts';
import { simulate } from '../../../lib/testing/simulation/simulate.ts';

test('each constructor returns a plain object', () => {
  assert.deepEqual(exit(3), { exit: { code: 3, signal: null }, after: 0 });
  assert.deepEqual(exit('SIGSEGV', 200), { exit: { code: null, signal: 'SIGSEGV' }, after: 200 });
  assert.deepEqual(
    [ready(), ready(50)],
    [
      { ready: true, after: 0 },
      { ready: true, after: 50 },
    ],
  );
  assert.deepEqual(
    [print('a'), print('a\nb', 50)],
    [
      { print: 'a', after: 0 },
      { print: 'a\nb', after: 50 },
    ],
  );
  assert.deepEqual(unspawnable(), { unspawnable: 'ENOENT' });
  assert.deepEqual(unspawnable('EACCES'), { unspawnable: 'EACCES' });
  assert.deepEqual(ignores('SIGTERM', 'end-of-file'), { ignores: ['SIGTERM', 'end-of-file'] });
  assert.deepEqual(hang(), { after: Infinity });
});

test('sequence() returns a chain of steps', () => {
  assert.deepEqual(sequence(ready(50), print('hello'), exit(1, 200)), {
    ...ready(50),
    next: { ...print('hello'), next: exit(1, 200) },
  });
  assert.deepEqual(sequence(), {});
  assert.deepEqual(sequence(exit(1)), exit(1));
});

test('a field for the whole child moves to the first step, and adds no step', () => {
  assert.deepEqual(sequence(ignores('SIGTERM'), ready(50)), { ...ready(50), ignores: ['SIGTERM'] });
  assert.deepEqual(
    sequence(ready(), { ...print('text'), ignores: ['SIGHUP'], leaves: true }, ignores('SIGTERM')),
    { ...ready(), next: print('text'), ignores: ['SIGHUP', 'SIGTERM'], leaves: true },
  );
  assert.deepEqual(sequence(ready(), unspawnable()), { ...ready(), unspawnable: 'ENOENT' });
  assert.deepEqual(sequence({ spawnAfter: 5 }, ready()), { ...ready(), spawnAfter: 5 });
  assert.deepEqual(sequence({ leaves: true }, { leaves: 'stubborn' }), { leaves: 'stubborn' });
});

test('nested sequences give one sequence', () => {
  const inner = sequence(ignores('SIGHUP'), print('a'), print('b'));
  assert.deepEqual(sequence(ready(), inner, exit(0)), {
    ...ready(),
    ignores: ['SIGHUP'],
    next: { ...print('a'), next: { ...print('b'), next: exit(0) } },
  });
  assert.deepEqual(stepsOf(sequence(print('a'), exit(0))).length, 2);
});

for (const [how, message] of [
  ['TERM', /not with 'TERM'\. Did you mean 'SIGTERM'\?$/],
  [256, /a code from 0 to 255, .* not with 256\.$/],
  [-1, /not with -1\.$/],
  [1.5, /not with 1\.5\.$/],
  [Number.NaN, /not with NaN\.$/],
  [null, /not with null\.$/],
  [{}, /not with \{\}\.$/],
  [{ exit: { code: 1, signal: null }, after: 0 }, /not with \{ exit: \{ code: 1/],
  [{ code: null, signal: null }, /not with \{ code: null, signal: null \}\.$/],
  [{ code: 1, signal: 'SIGTERM' }, /with one of the two, not with/],
  [{ code: 1 }, /not with \{ code: 1 \}\.$/],
] as const) {
  test(`no process exits with ${JSON.stringify(how)}`, () => {
    assert.throws(
      () => exitOf(how as never),
      (error) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test('an exit is given by its code, by its signal, or as it is', () => {
  assert.deepEqual(exitOf(9), { code: 9, signal: null });
  assert.deepEqual(exitOf('SIGKILL'), { code: null, signal: 'SIGKILL' });
  assert.deepEqual(exitOf({ code: 3, signal: null }), { code: 3, signal: null });
});

test('a fake child exits with the code that the test gives', async () => {
  const life = await simulate({ services: [{ name: 'web', run: ['web'] }] });
  await life.supervisor.start();
  life.spawner.child('web').exit(9);
  assert.deepEqual(life.supervisor.service('web').lastExit, { code: 9, signal: null });
});

test('ignores() rejects what is no full name of a signal', () => {
  assert.throws(() => ignores('TERM' as NodeJS.Signals), /not 'TERM'\. Did you mean 'SIGTERM'\?$/);
  assert.deepEqual(ignores('SIGTERM', 'end-of-file').ignores, ['SIGTERM', 'end-of-file']);
});

test('script() rejects a behaviour with an unknown field, signal or exit, in any step', async () => {
  const life = await simulate({ services: [{ name: 'web', run: ['web'] }] });
  const refused = (behaviour: object, message: RegExp): void => {
    assert.throws(() => life.spawner.script('web', behaviour), message);
  };
  refused({ exti: { code: 1, signal: null } }, /no field 'exti'\. Did you mean 'exit'\?/);
  refused({ after: 5, next: { prints: 'x' } }, /no field 'prints'\. Did you mean 'print'\?/);
  refused({ ignores: ['TERM'] }, /Did you mean 'SIGTERM'\?/);
  refused({ exit: { code: 300, signal: null } }, /A process exits with/);
  assert.equal(life.spawner.script('web', sequence(print('x'), exit(1, 5))), life.spawner);
});
