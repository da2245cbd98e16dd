import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { Emitter } from '../lib/emitter.ts';

interface News {
  news: (text: string, more?: number) => void;
  other: () => void;
}

function fail(): never {
  throw new Error('a listener that throws');
}

/** Collects the microtasks that the emitter queues, without running them. */
function putOff(t: TestContext): readonly (() => void)[] {
  const kept: (() => void)[] = [];
  t.mock.method(globalThis, 'queueMicrotask', (act: () => void) => kept.push(act));
  return kept;
}

test('listeners are called in the order in which they were added', () => {
  const emitter = new Emitter<News>();
  const heard: string[] = [];
  emitter.on('news', (text, more) => heard.push(`1 ${text} ${String(more)}`));
  emitter.addListener('news', (text) => heard.push(`2 ${text}`));
  emitter.once('news', (text) => heard.push(`3 ${text}`));
  assert.equal(emitter.emit('news', 'a', 5), true);
  assert.equal(emitter.emit('news', 'b'), true);
  assert.deepEqual(heard, ['1 a 5', '2 a', '3 a', '1 b undefined', '2 b']);
});

test('emit() returns whether there was a listener', () => {
  const emitter = new Emitter<News>();
  emitter.on('news', () => undefined);
  assert.equal(emitter.emit('other'), false);
});

test('a listener that throws does not affect the other listeners or the caller of emit(); its error follows later', (t) => {
  const later = putOff(t);
  const emitter = new Emitter<News>();
  const heard: string[] = [];
  emitter.on('news', fail);
  emitter.once('news', fail);
  emitter.on('news', (text) => heard.push(text));
  emitter.emit('news', 'a');
  assert.deepEqual(heard, ['a']);
  assert.equal(later.length, 2);
  for (const act of later) assert.throws(act, /a listener that throws/);
});

test('the error of a listener becomes an uncaught exception', () => {
  const emitter = new URL('../lib/emitter.ts', import.meta.url).href;
  const program = `
    import { Emitter } from ${JSON.stringify(emitter)};
    const emitter = new Emitter();
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    emitter.on('news', () => { throw new Error('mine'); });
    emitter.on('news', () => console.log('heard'));
    emitter.emit('news');
  `;
  const words = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.equal(stdout, 'heard\nuncaught mine\n', stderr);
});

test('off() and removeListener() remove a listener that was added with on() or once()', () => {
  const emitter = new Emitter<News>();
  const heard: string[] = [];
  const listener = (text: string): void => {
    heard.push(text);
  };
  emitter.on('news', listener).off('news', listener);
  emitter.once('news', listener).removeListener('news', listener);
  emitter.emit('news', 'a');
  assert.deepEqual(heard, []);
  assert.equal(emitter.listenerCount('news'), 0);
});

test('off() removes one listener; without a listener it removes all of the event', () => {
  const emitter = new Emitter<News>();
  const heard: string[] = [];
  const first = (): void => {
    heard.push('first');
  };
  emitter.on('news', first).on('news', () => heard.push('second'));
  emitter.off('news', first).emit('news', 'a');
  assert.deepEqual(heard, ['second']);
  emitter.off('news').emit('news', 'b');
  assert.deepEqual(heard, ['second']);
});

test('a listener from listeners() can be removed, and added again', () => {
  const emitter = new Emitter<News>();
  const heard: string[] = [];
  emitter.on('news', (text) => heard.push(text));
  const [listener] = emitter.listeners('news');
  assert.ok(listener !== undefined);
  emitter.off('news', listener);
  assert.equal(emitter.listenerCount('news'), 0);
  emitter.on('news', listener).emit('news', 'a');
  emitter.off('news', listener);
  assert.deepEqual([heard, emitter.listenerCount('news')], [['a'], 0]);
});

test('a listener is called with the emitter as this, or with its context', () => {
  const emitter = new Emitter<News>();
  const found: unknown[] = [];
  const listener = function (this: unknown): void {
    found.push(this);
  };
  const context = {};
  emitter.on('news', listener).once('other', listener, context);
  emitter.emit('news', 'a');
  emitter.emit('other');
  assert.deepEqual(found, [emitter, context]);
  emitter.on('other', listener, context).off('other', listener, {});
  assert.equal(emitter.listenerCount('other'), 1, 'another context, another listener');
});
