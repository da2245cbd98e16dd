import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../lib/model/nearest.ts';

const known = ['web', 'web/log', 'postgres', 'nginx', 'worker@1'];

test('what is no string is near nothing', () => {
  assert.equal(nearest(undefined, ['web']), undefined);
});

test('a name with one letter too many, missing or replaced is near', () => {
  assert.equal(nearest('webb', known), 'web');
  assert.equal(nearest('we', known), 'web');
  assert.equal(nearest('wob', known), 'web');
});

test('two swapped letters count as one mistake', () => {
  assert.equal(nearest('wbe', known), 'web');
  assert.equal(nearest('ngnix', known), 'nginx');
});

test('two replaced letters count as two mistakes', () => {
  assert.equal(nearest('abcdef', ['xycdef']), 'xycdef');
  assert.equal(nearest('abcdef', ['xyzdef']), undefined);
  assert.equal(nearest('abcdef', ['bxzdef']), undefined);
  assert.equal(nearest('abcdef', ['zaydef']), undefined);
});

test('upper and lower case count as the same', () => {
  assert.equal(nearest('NGINX', known), 'nginx');
});

test('a longer name may have more mistakes', () => {
  assert.equal(nearest('postgers', known), 'postgres');
  assert.equal(nearest('psotgers', known), 'postgres');
  assert.equal(nearest('web.lgo', known), 'web/log');
});

test('a name that is not near is not returned', () => {
  assert.equal(nearest('redis', known), undefined);
  assert.equal(nearest('pg', known), undefined);
  assert.equal(nearest('web', []), undefined);
});

test('a name without any common letter is not near, however short it is', () => {
  assert.equal(nearest('x', ['y']), undefined);
  assert.equal(nearest('', ['y']), undefined);
  assert.equal(nearest('x', ['xy']), 'xy');
});

test('of several near names the nearest is returned, of equally near ones the first', () => {
  assert.equal(nearest('webs', ['wabs', 'web', 'webs2']), 'wabs');
  assert.equal(nearest('workers', ['works', 'worker']), 'worker');
});

test('nothing is near to what is longer than any name, which is not compared', () => {
  const long = 'x'.repeat(255);
  assert.equal(nearest(long, [`${long}y`]), `${long}y`);
  assert.equal(nearest(`${long}x`, [long]), undefined);
});
