import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TreeError } from '../../lib/errors.ts';
import type { TreeInput } from '../../lib/loader/define.ts';
import { defineTree } from '../../lib/loader/define.ts';
import type { ServiceSpec, Tree } from '../../lib/model/tree.ts';
import { backoffDefaults, serviceDefaults } from '../../lib/model/tree.ts';

const web = { name: 'web', run: ['web'] };

const everything: Required<Omit<ServiceSpec, 'name' | 'logger'>> = {
  run: { command: ['a', 'b c', ''], directory: '/srv' },
  finish: { script: '/srv/finish' },
  down: true,
  notificationFd: 3,
  killTimeout: 0,
  finishTimeout: 1,
  upTimeout: 2,
  downTimeout: 3,
  downSignal: 'SIGQUIT',
  reloadSignal: 'SIGUSR1',
  maxDeathTally: 4096,
  flagTimeoutKillpg: true,
  lockFd: 4,
  restart: 'on-failure',
  essential: true,
  backoff: { first: 1, factor: 1.5, cap: 100, reset: 0, limit: { deaths: 5, within: 1000 } },
  output: 'lines',
  user: 'web:web',
  environment: { A: '', B: 'two words' },
};

const finished: Tree = {
  root: '/etc',
  fixAttrs: [
    {
      source: '/etc/fix-attrs.d/a',
      line: 2,
      path: '/a*',
      recurse: true,
      account: 'a,1:1',
      fileMode: 0o644,
    },
    {
      source: '/etc/fix-attrs.d/a',
      line: 3,
      path: '/b',
      recurse: false,
      account: '-',
      folderMode: 0,
    },
  ],
  init: [{ name: 'a', run: { script: '/a' } }],
  services: [
    { name: 'web', ...everything, logger: { name: 'web/log', ...everything } },
    { name: 'bare', run: { command: ['x'] }, ...serviceDefaults },
  ],
  finish: [{ name: 'a', run: { command: ['a'] } }],
};

test('a field that is left out has its default', () => {
  assert.deepEqual(defineTree({}), { fixAttrs: [], init: [], services: [], finish: [] });
  const tree = defineTree({
    init: [{ name: 'init1', run: ['true'] }],
    services: [{ ...web, finish: ['tidy', 'up'], logger: { run: ['log'] }, backoff: { first: 5 } }],
  });
  assert.deepEqual(tree.init, [{ name: 'init1', run: { command: ['true'] } }]);
  assert.deepEqual(tree.services, [
    {
      name: 'web',
      run: { command: ['web'] },
      finish: { command: ['tidy', 'up'] },
      logger: { name: 'web/log', run: { command: ['log'] }, ...serviceDefaults },
      backoff: { first: 5, ...backoffDefaults },
      ...serviceDefaults,
    },
  ]);
});

test('a finished tree is returned unchanged', () => {
  assert.deepEqual(defineTree(finished), finished);
  const again = defineTree(JSON.parse(JSON.stringify(finished)) as Tree);
  assert.deepEqual(again, finished);
  assert.equal(JSON.stringify(defineTree(again)), JSON.stringify(again));
});

test('the fields of a service have a fixed order, however they were written', () => {
  const reversed = Object.fromEntries(Object.entries({ name: 'web', ...everything }).toReversed());
  const [one] = defineTree({ services: [reversed as unknown as ServiceSpec] }).services;
  const [other] = defineTree({ services: [{ name: 'web', ...everything }] }).services;
  assert.equal(JSON.stringify(one), JSON.stringify(other));
});

test('a service without a logger has none, and undefined fields are left out', () => {
  const service = {
    ...web,
    logger: undefined,
    finish: undefined,
    killTimeout: undefined,
    down: undefined,
  };
  const tree = defineTree({ services: [service] } as unknown as TreeInput);
  assert.deepEqual(tree.services, [{ name: 'web', run: { command: ['web'] }, ...serviceDefaults }]);
  assert.equal(Object.hasOwn(tree.services[0] ?? {}, 'logger'), false);
});

test('a tree is frozen at every level and shares nothing with its input', () => {
  const words = ['web'];
  const environment = { A: '1' };
  const tree = defineTree({ services: [{ name: 'web', run: words, environment }] });
  words.push('more');
  environment.A = '2';
  const [service] = tree.services;
  assert.deepEqual(service?.run, { command: ['web'] });
  assert.deepEqual(service.environment, { A: '1' });
  assert.equal(Object.isFrozen(service.environment), true);
  assert.equal(Object.isFrozen(words), false);
});

test("a logger's own name may be given", () => {
  const tree = defineTree({ services: [{ ...web, logger: { name: 'web/log', run: ['log'] } }] });
  assert.equal(tree.services[0]?.logger?.name, 'web/log');
});

/** All errors of a tree, in plain lines. */
function faults(input: unknown): readonly string[] {
  let lines: readonly string[] = [];
  assert.throws(
    () => defineTree(input as TreeInput),
    (error) => {
      assert.ok(error instanceof TreeError);
      for (const { severity } of error.problems) assert.equal(severity, 'error');
      lines = error.problems.map(({ code, path, message }) => `${code} ${path}: ${message}`);
      return true;
    },
  );
  return lines;
}

const one = (fields: object): unknown => ({ services: [{ ...web, ...fields }] });
const number = (least: number, most: number): string =>
  `expected a whole number from ${String(least)} to ${String(most)}`;
const word = 'expected the words of a command line';

const refused: readonly (readonly [input: unknown, path: string, says: string])[] = [
  [null, 'tree', 'expected object, got null'],
  ['tree', 'tree', 'expected object, got "tree"'],
  [{ servcies: [] }, 'tree', `unknown key "servcies". Did you mean 'services'?`],
  [{ services: {} }, 'services', 'expected array, got an object'],
  [{ services: [5] }, 'services[0]', 'expected object, got 5'],
  [{ root: 'etc' }, 'root', 'expected an absolute path, got "etc"'],
  [{ init: [{ run: ['x'] }] }, 'init[0].name', 'expected string, got nothing'],
  [{ finish: [{ name: 'x' }] }, 'finish[0].run', `${word}, { command } or { script }, got nothing`],
  [{ init: [{ ...web, down: true }] }, 'init[0]', 'unknown key "down". Known are: name, run.'],
  ...['', 'a/b', 'a\0b', '/'].map(
    (name) =>
      [
        one({ name }),
        'services[0].name',
        `expected a name that is not empty and has no '/' and no NUL in it, got ${JSON.stringify(name)}`,
      ] as const,
  ),
  [one({ name: '..' }), 'services[0].name', `expected a name other than '.' and '..', got ".."`],
  ...['.s6-svscan', '.web', '...'].map(
    (name) =>
      [
        one({ name }),
        'services[0].name',
        `expected a name that does not begin with a dot: s6 skips those, and has files of its own among them, got "${name}"`,
      ] as const,
  ),
  [
    one({ name: 'ü'.repeat(128) }),
    'services[0].name',
    `expected a name of at most 255 bytes, as files have, got "${'ü'.repeat(59)}...`,
  ],
  [one({ run: 'web' }), 'services[0].run', `${word}, { command } or { script }, got "web"`],
  [one({ run: [] }), 'services[0].run.command', `${word}, at least one, got an array`],
  [one({ run: [''] }), 'services[0].run.command[0]', 'expected a program, got an array'],
  [one({ run: ['a', 5] }), 'services[0].run.command[1]', 'expected string, got 5'],
  [
    one({ run: ['a\0'] }),
    'services[0].run.command[0]',
    'expected a string without NUL, got "a\\u0000"',
  ],
  [
    one({ run: { script: 'run' } }),
    'services[0].run.script',
    'expected an absolute path, got "run"',
  ],
  [
    one({ run: { comand: ['x'] } }),
    'services[0].run',
    `${word}, { command } or { script }, got an object`,
  ],
  [
    one({ run: { script: '/a', commnad: 1 } }),
    'services[0].run',
    'unknown key "commnad". Known are: script.',
  ],
  [
    one({ run: { command: ['x'], dir: '/' } }),
    'services[0].run',
    'unknown key "dir". Known are: command, directory.',
  ],
  [
    one({ run: { script: '/a', command: [5] } }),
    'services[0].run',
    'unknown key "command". Known are: script.',
  ],
  [
    one({ finish: { command: ['x'], directory: '' } }),
    'services[0].finish.directory',
    'expected a string that is not empty, got ""',
  ],
  [
    one({ killtimeout: 5 }),
    'services[0]',
    `unknown key "killtimeout". Did you mean 'killTimeout'?`,
  ],
  [
    one({ timeoutFinish: 5 }),
    'services[0]',
    `unknown key "timeoutFinish". Did you mean 'finishTimeout'?`,
  ],
  [one({ killTimeout: -1 }), 'services[0].killTimeout', `${number(0, 4294967295)}, got -1`],
  [one({ finishTimeout: 1.5 }), 'services[0].finishTimeout', `${number(0, 4294967295)}, got 1.5`],
  [one({ upTimeout: '5' }), 'services[0].upTimeout', `${number(0, 4294967295)}, got "5"`],
  [
    one({ downTimeout: Infinity }),
    'services[0].downTimeout',
    `${number(0, 4294967295)}, got Infinity`,
  ],
  [one({ notificationFd: -1 }), 'services[0].notificationFd', `${number(0, 1048575)}, got -1`],
  [one({ lockFd: 2 ** 20 }), 'services[0].lockFd', `${number(0, 1048575)}, got 1048576`],
  [one({ maxDeathTally: 4097 }), 'services[0].maxDeathTally', `${number(0, 4096)}, got 4097`],
  [
    one({ downSignal: 'TERM' }),
    'services[0].downSignal',
    `expected a signal such as "SIGTERM", got "TERM". Did you mean 'SIGTERM'?`,
  ],
  [
    one({ reloadSignal: 1 }),
    'services[0].reloadSignal',
    `expected a signal such as "SIGTERM", got 1. Did you mean 'SIGHUP'?`,
  ],
  [one({ down: 'yes' }), 'services[0].down', 'expected boolean, got "yes"'],
  [
    one({ restart: 'nevr' }),
    'services[0].restart',
    `expected one of "always"|"on-failure"|"never", got "nevr". Did you mean 'never'?`,
  ],
  [
    one({ output: 'pipe' }),
    'services[0].output',
    'expected one of "inherit"|"lines"|"ignore", got "pipe"',
  ],
  [one({ user: '' }), 'services[0].user', 'expected a string that is not empty, got ""'],
  [one({ environment: { A: 5 } }), 'services[0].environment.A', 'expected string, got 5'],
  [
    one({ environment: { LONG: 'x'.repeat(131_067) } }),
    'services[0].environment.LONG',
    `expected at most 131072 bytes with its name, '=' and NUL, got "${'x'.repeat(59)}...`,
  ],
  [
    one({ environment: { LONG: 'é'.repeat(65_536) } }),
    'services[0].environment.LONG',
    `expected at most 131072 bytes with its NUL, got "${'é'.repeat(59)}...`,
  ],
  [
    one({ run: ['web', 'x'.repeat(131_072)] }),
    'services[0].run.command[1]',
    `expected at most 131072 bytes with its NUL, got "${'x'.repeat(59)}...`,
  ],
  [
    one({ environment: { 'A=B': '' } }),
    'services[0].environment["A=B"]',
    `expected a name without '=' and NUL, got "A=B"`,
  ],
  [one({ backoff: {} }), 'services[0].backoff.first', `${number(0, 4294967295)}, got nothing`],
  [
    one({ backoff: { first: 1, factor: 0.5 } }),
    'services[0].backoff.factor',
    'expected number to be >=1, got 0.5',
  ],
  [
    one({ backoff: { first: 1, limit: { deaths: 0, within: 1 } } }),
    'services[0].backoff.limit.deaths',
    'expected number to be >=1, got 0',
  ],
  [
    one({ logger: { run: ['x'], name: 'log' } }),
    'services[0].logger.name',
    'expected "web/log", got "log"',
  ],
  [
    one({ logger: { run: ['x'], logger: web } }),
    'services[0].logger.logger',
    'expected nothing: a logger has no logger of its own, got an object',
  ],
  [
    { fixAttrs: [{ source: 's', line: 0, path: '/', recurse: true, account: 'a' }] },
    'fixAttrs[0].line',
    'expected number to be >=1, got 0',
  ],
  [
    {
      fixAttrs: [{ source: 's', line: 1, path: '/', recurse: true, account: 'a', fileMode: 4096 }],
    },
    'fixAttrs[0].fileMode',
    'expected number to be <=4095, got 4096',
  ],
  [one({ run: ['x'.repeat(99), 5] }), 'services[0].run.command[1]', 'expected string, got 5'],
  [one({ user: ['x'.repeat(99)] }), 'services[0].user', 'expected string, got an array'],
  [
    one({ output: 'x'.repeat(99) }),
    'services[0].output',
    `expected one of "inherit"|"lines"|"ignore", got "${'x'.repeat(59)}...`,
  ],
];

for (const [input, path, says] of refused) {
  test(`rejected: ${path} ${says}`, () => {
    assert.deepEqual(faults(input), [`tree-invalid ${path}: ${says}`]);
  });
}

test('the names of services may be as long as those of files, and scripts may begin with a dot', () => {
  const name = 'x'.repeat(255);
  const tree = defineTree({
    init: [{ name: '.a', run: ['x'] }],
    services: [
      { name, run: ['x'] },
      { name: 'a.b', run: ['x'] },
    ],
  });
  assert.deepEqual(
    tree.services.map((service) => service.name),
    [name, 'a.b'],
  );
});

test('names must be unique in their list', () => {
  const script = { name: 'a', run: ['x'] };
  assert.deepEqual(
    faults({ init: [script, script], services: [web, { ...web }, web], finish: [script] }),
    [
      'duplicate-name init[1].name: another script is named "a" already',
      'duplicate-name services[1].name: another service is named "web" already',
      'duplicate-name services[2].name: another service is named "web" already',
    ],
  );
});

test('all errors are reported at once', () => {
  const lines = faults({
    inti: [],
    services: [
      { ...web, dwon: true },
      { name: 'web', run: 5, logger: { name: 'x', run: [] } },
    ],
  });
  assert.deepEqual(lines, [
    `tree-invalid services[0]: unknown key "dwon". Did you mean 'down'?`,
    'tree-invalid services[1].run: expected the words of a command line, { command } or { script }, got 5',
    'tree-invalid services[1].logger.run.command: expected the words of a command line, at least one, got an array',
    `tree-invalid tree: unknown key "inti". Did you mean 'init'?`,
    'duplicate-name services[1].name: another service is named "web" already',
    'tree-invalid services[1].logger.name: expected "web/log", got "x"',
  ]);
});

test('the message of the error contains all problems', () => {
  assert.throws(() => defineTree({ services: [web, web] }), {
    name: 'TreeError',
    code: 'ERR_TREE',
    message:
      'The tree made in code cannot be used:\n' +
      '  services[1].name: another service is named "web" already (duplicate-name) Rename one of them.',
  });
});
