import assert from 'node:assert/strict';
import { test } from 'node:test';
import { script, service } from '../samples.ts';
import { TreeLife } from '../tree-life.ts';
import type { TreeOptions } from '../../../lib/machine/tree/tree-options.ts';
import type { Tree } from '../../../lib/model/tree.ts';
import { catchAllName, serviceDefaults } from '../../../lib/model/tree.ts';

const rule = { source: '/etc/fix-attrs.d/1', line: 1, path: '/x', recurse: false, account: '-' };
const original: Partial<Tree> = {
  root: '/etc',
  fixAttrs: [rule],
  init: [script('10-a')],
  services: [service('web')],
  finish: [script('90-z')],
};

/** The same tree, with all paths in another folder. */
function moved(tree: Tree): Tree {
  return JSON.parse(JSON.stringify(tree).replaceAll('/etc/', '/copy/')) as Tree;
}

class CopiedLife extends TreeLife {
  constructor(options: Partial<TreeOptions> = {}, parts = original) {
    super(parts, { readOnlyRoot: true, ...options });
  }

  copied(): this {
    const tree = { ...moved(this.state.tree), root: '/copy' };
    return this.give({ type: 'copied', tree, problems: [] });
  }
}

test('the root is copied before anything runs, and everything runs from the copy', () => {
  const life = new CopiedLife().start();
  assert.deepEqual(life.asked, ['copy /etc']);
  life.copied();
  assert.deepEqual(life.told, ['tree: ~web (stage)']);
  assert.deepEqual(life.asked, ['prepare /x']);
  life.give({ type: 'prepared', problems: [] }).runScript('init');
  assert.deepEqual(life.asked, ['reread /copy']);
  life.give({ type: 'reread', tree: life.state.tree, problems: [] }).rise('web').stop();
  life.service('web', { type: 'exited', exit: { code: 0, signal: null } }).swept('web');
  const scripts = life.commands.map(({ program }) => 'script' in program && program.script);
  assert.deepEqual(scripts, [
    '/copy/scripts/10-a',
    '/copy/services.d/web/run',
    '/copy/scripts/90-z',
  ]);
});

test('without the init stage, the services wait for the copy', () => {
  const life = new CopiedLife();
  life.give({ type: 'advance', target: 'services', skipInit: true });
  assert.deepEqual(life.asked, ['copy /etc']);
  assert.deepEqual(life.copied().asked, ['spawn web']);
});

test('the root is copied only once', () => {
  const life = new CopiedLife().give({ type: 'advance', target: 'init' }).copied();
  life.give({ type: 'prepared', problems: [] }).runScript('init').start();
  assert.deepEqual(life.asked, ['reread /copy']);
});

test('without a copy, everything runs from the original root', () => {
  const life = new CopiedLife().start().give({ type: 'copied', tree: null, problems: [] });
  assert.deepEqual(life.asked, ['prepare /x']);
  life.give({ type: 'prepared', problems: [] }).runScript('init');
  assert.deepEqual(life.asked, ['reread /etc']);
});

test('when a failed start is to end everything, a failed copy does so as well', () => {
  const life = new CopiedLife({ onInitFailure: 'stop' }).start();
  life.give({ type: 'copied', tree: null, problems: [] });
  assert.deepEqual(life.state.ending, { reason: 'init-failed', exitCode: 1 });
  assert.deepEqual(life.asked, ['record exit code 1', 'sweep web within 3000']);
});

test('a stop during the copy: nothing of the init stage runs', () => {
  const life = new CopiedLife().start().stop();
  assert.deepEqual(life.asked, []);
  life.copied().swept('web');
  assert.deepEqual(life.asked, ['spawn 90-z']);
  assert.equal(life.state.phase, 'finishing');
});

test('a tree made in code has no root to copy', () => {
  const life = new CopiedLife({}, { init: [script('10-a')] }).start();
  assert.deepEqual(life.asked, ['spawn 10-a']);
});

test('the init stage waits for both the copy and the catch-all logger', () => {
  const spec = { ...serviceDefaults, name: catchAllName, run: { command: ['log'] } };
  const catchAll = { spec, directory: '/log', takesCommand: false };
  const life = new CopiedLife({ catchAll }).start();
  assert.deepEqual(life.asked, ['open the log /log', `spawn ${catchAllName}`, 'copy /etc']);
  assert.deepEqual(life.copied().asked, []);
  assert.deepEqual(life.rise(catchAllName).asked, ['prepare /x']);
});
