import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAccounts, resolveAccount, resolveCredentials } from '../../lib/model/accounts.ts';

const accounts = parseAccounts(
  [
    'root:x:0:0:root:/root:/bin/sh',
    'web:x:1000:100:The web:/srv:/bin/false',
    'web:x:9:9:a second line for one name:/:/bin/false',
    '2000:x:2001:2002:a number for a name:/:/bin/false',
    '+nis::::::',
    'short',
    ':x:7:7:no name:/:/bin/false',
    'huge:x:4294967295:0:an invalid id:/:/bin/false',
    '',
  ].join('\n'),
  ['root:x:0:', 'users:x:100:web', 'users:x:101:', 'log:x:50:', 'broken:x:', 'odd:x:-1:'].join(
    '\n',
  ),
);

const resolutions = {
  root: { uid: 0, gid: 0 },
  web: { uid: 1000, gid: 100 },
  'web:log': { uid: 1000, gid: 50 },
  'web:77': { uid: 1000, gid: 77 },
  '1000': { uid: 1000, gid: 100 },
  '12345': { uid: 12345 },
  '12345:54321': { uid: 12345, gid: 54321 },
  '12345:users': { uid: 12345, gid: 100 },
  '2000': { uid: 2001, gid: 2002 },
  'web,1:1': { uid: 1000, gid: 100 },
  'nobody,1:2': { uid: 1, gid: 2 },
  'nobody,1': { uid: 1 },
  'nobody,web': { uid: 1000, gid: 100 },
  'nobody:log,1:2': { uid: 1, gid: 50 },
  'web:nogroup,1:2': { uid: 1000, gid: 2 },
  'nobody:nogroup,1:2': { uid: 1, gid: 2 },
  '-': {},
  'nobody,-': undefined,
  nobody: undefined,
  'nobody:log': undefined,
  'web:nogroup': undefined,
  'web:nogroup,1': undefined,
  'nobody,nobody': undefined,
  '4294967294': { uid: 4294967294 },
  '4294967295': undefined,
  '-1': undefined,
  '': undefined,
  ':': undefined,
  ':log': undefined,
  'web:': undefined,
  'web:log:more': undefined,
  '+nis': undefined,
  short: undefined,
  huge: undefined,
  'web:broken': undefined,
  'web:odd': undefined,
};

for (const [account, ids] of Object.entries(resolutions)) {
  test(`the account '${account}' resolves to ${ids === undefined ? 'nothing' : JSON.stringify(ids)}`, () => {
    assert.deepEqual(resolveAccount(accounts, account), ids);
  });
}

test('without any accounts, numbers still resolve', () => {
  const none = parseAccounts('', '');
  assert.deepEqual(resolveAccount(none, '5:6'), { uid: 5, gid: 6 });
  assert.equal(resolveAccount(none, 'root'), undefined);
});

const passwd = 'root:x:0:0:\nweb:x:1000:100:\nalone:x:1001:1001:\n';
const group = 'root:x:0:\nusers:x:100:web\nlog:x:50:other, web\nssl:x:51:web,other\nbad:x:-1:web\n';
const credentials = {
  web: { uid: 1000, gid: 100, groups: [100, 50, 51] },
  '1000': { uid: 1000, gid: 100, groups: [100, 50, 51] },
  'nobody,web': { uid: 1000, gid: 100, groups: [100, 50, 51] },
  alone: { uid: 1001, gid: 1001, groups: [1001] },
  root: { uid: 0, gid: 0, groups: [0] },
  'web:log': { uid: 1000, gid: 50, groups: [50] },
  '1000:100': { uid: 1000, gid: 100, groups: [100] },
  '4711': { uid: 4711, gid: 4711, groups: [4711] },
  'nobody,4711': { uid: 4711, gid: 4711, groups: [4711] },
  '4711:0': { uid: 4711, gid: 0, groups: [0] },
  '4711:log': { uid: 4711, gid: 50, groups: [50] },
  nobody: undefined,
  '-': undefined,
};

for (const [account, its] of Object.entries(credentials)) {
  test(`a process of the account '${account}' has ${its === undefined ? 'nothing' : JSON.stringify(its)}`, () => {
    assert.deepEqual(resolveCredentials(account, passwd, group), its);
  });
}
