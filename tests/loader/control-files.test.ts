import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileSpec } from '../../lib/loader/files/literal-files.ts';
import type { ServiceSpec } from '../../lib/model/tree.ts';
import { serviceDefaults } from '../../lib/model/tree.ts';
import { fine, loadLiteral } from './trees.ts';

const bare: ServiceSpec = {
  name: 'web',
  run: { script: '/tree/services.d/web/run' },
  ...serviceDefaults,
};

/** The fields of a service with one control file, and the problems. */
async function withFile(file: string, spec: string | FileSpec) {
  const files = {
    'services.d/web/run': fine,
    [`services.d/web/${file}`]: spec,
    huge: 'x'.repeat(2 ** 20 + 1),
  };
  const { tree, problems } = await loadLiteral(files);
  return { service: tree.services[0], problems };
}

const values: Readonly<Record<string, Record<string, Partial<ServiceSpec>>>> = {
  down: { '': { down: true }, 'whatever\n': { down: true } },
  'flag-timeout-killpg': { '': { flagTimeoutKillpg: true }, '0': { flagTimeoutKillpg: true } },
  'notification-fd': {
    '3': { notificationFd: 3 },
    '0': { notificationFd: 0 },
    '1': { notificationFd: 1 },
    '10736\n': { notificationFd: 10_736 },
    '1048575': { notificationFd: 1_048_575 },
  },
  'timeout-kill': { '0': { killTimeout: 0 }, '800\n': { killTimeout: 800 } },
  'timeout-finish': {
    '0': { finishTimeout: 0 },
    ' \t700 \n': { finishTimeout: 700 },
    '0700\r\n': { finishTimeout: 700 },
    '700\nonly the first line counts': { finishTimeout: 700 },
    '\n700': { finishTimeout: 700 },
    '4294967295': { finishTimeout: 4_294_967_295 },
  },
  'timeout-up': { '1000\n': { upTimeout: 1000 } },
  'timeout-down': { '1000\n': { downTimeout: 1000 } },
  'down-signal': {
    'SIGHUP\n': { downSignal: 'SIGHUP' },
    INT: { downSignal: 'SIGINT' },
    quit: { downSignal: 'SIGQUIT' },
    '10': { downSignal: 'SIGUSR1' },
  },
  'reload-signal': { 'USR2\n': { reloadSignal: 'SIGUSR2' }, '1': { reloadSignal: 'SIGHUP' } },
  'max-death-tally': { '0': { maxDeathTally: 0 }, '4096\n': { maxDeathTally: 4096 } },
  'lock-fd': { '4\n': { lockFd: 4 } },
  // without effect
  nosetsid: { setpgrp: {} },
  type: { longrun: {} },
  'run.bak': { x: {} },
  '.down': { '': {} },
  'data/check': { x: {} },
  'env/A': { x: {} },
  'supervise/status': { x: {} },
  'instance/x': { x: {} },
};

for (const [file, contents] of Object.entries(values)) {
  for (const [content, fields] of Object.entries(contents)) {
    test(`${file} with ${JSON.stringify(content)} gives ${JSON.stringify(fields)}`, async () => {
      const { service, problems } = await withFile(file, content);
      assert.deepEqual(service, { ...bare, ...fields });
      assert.deepEqual(problems, []);
    });
  }
}

const numeric = {
  'notification-fd': /from 0 to 1048575/,
  'timeout-kill': /from 0 to 4294967295/,
  'timeout-finish': /from 0 to 4294967295/,
  'timeout-up': /from 0 to 4294967295/,
  'timeout-down': /from 0 to 4294967295/,
  'max-death-tally': /from 0 to 4096/,
  'lock-fd': /from 0 to 1048575/,
};

type Fault = readonly [file: string, spec: string | FileSpec, code: string, says: RegExp];

const faults: readonly Fault[] = [
  ...Object.entries(numeric).flatMap(([file, range]): readonly Fault[] => [
    [file, 'abc\n', 'value-invalid', /is "abc": expected a whole number/],
    [file, '', 'value-invalid', /is "": expected a whole number/],
    [file, '-1', 'value-invalid', /is "-1"/],
    [file, '1.5', 'value-invalid', /is "1.5"/],
    [file, '4294967296', 'value-out-of-range', range],
    [file, '9'.repeat(400), 'value-out-of-range', range],
    [file, { content: Buffer.from([0x31, 0xff, 0]) }, 'value-invalid', /expected a whole number/],
    [file, { folder: true }, 'unreadable', /is a folder where a file belongs/],
    [file, { link: 'nowhere' }, 'link-dangling', /leads nowhere/],
    [file, { link: file }, 'link-loop', /back to itself/],
    [file, { link: '../../huge' }, 'file-too-large', /is 1048577 bytes long/],
  ]),
  ['max-death-tally', '4097', 'value-out-of-range', /is "4097": expected/],
  ...['down-signal', 'reload-signal'].flatMap((file): readonly Fault[] => [
    [file, 'FOO\n', 'signal-unknown', /is "FOO": expected a signal such as TERM/],
    [file, '', 'signal-unknown', /is ""/],
    [file, '0', 'signal-unknown', /is "0"/],
    [file, '65', 'signal-unknown', /is "65"/],
    [file, { link: '../../huge' }, 'file-too-large', /1048576/],
  ]),
  ['down', { link: 'nowhere' }, 'link-dangling', /leads nowhere/],
  ['down', { link: 'down' }, 'link-loop', /back to itself/],
  ['flag-timeout-killpg', { link: 'nowhere' }, 'link-dangling', /leads nowhere/],
];

for (const [file, spec, code, says] of faults) {
  const what = JSON.stringify(spec).slice(0, 40);
  test(`${file} with ${what} is reported, and the default holds: ${code}`, async () => {
    const { service, problems } = await withFile(file, spec);
    assert.deepEqual(service, bare);
    const [problem, ...more] = problems;
    assert.deepEqual(more, []);
    assert.equal(problem?.code, code);
    assert.equal(problem.severity, 'warning');
    assert.equal(problem.path, `/tree/services.d/web/${file}`);
    assert.ok(problem.message.startsWith(`"${file}" `), problem.message);
    assert.match(problem.message, says);
    assert.match(problem.message, /the default holds$/);
    assert.match(problem.remedy ?? '', /\.$/);
    assert.ok(problem.message.length < 250, 'the message shows no long value');
  });
}

test('a folder, or a link to anything that exists, sets a flag, too', async () => {
  assert.equal((await withFile('down', { folder: true })).service?.down, true);
  assert.equal((await withFile('down', { link: 'run' })).service?.down, true);
});

test('only the beginning of a file of 1 MiB is read', async () => {
  const { service, problems } = await withFile('timeout-kill', `5\n${'x'.repeat(2 ** 20 - 2)}`);
  assert.equal(service?.killTimeout, 5);
  assert.deepEqual(problems, []);
});

test('all control files together set all fields', async () => {
  const files = Object.entries(values).map(([file, contents]) => {
    const [content = ''] = Object.keys(contents);
    return [`services.d/web/${file}`, content] as const;
  });
  const { tree } = await loadLiteral({ 'services.d/web/run': fine, ...Object.fromEntries(files) });
  const fields = Object.values(values).map((contents) => Object.values(contents)[0]);
  assert.deepEqual(tree.services, [Object.assign({ ...bare }, ...fields)]);
});
