import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../lib/model/nearest.ts';

const known = ['web', 'web/log', 'postgres', 'nginx', 'worker@1'];

test('one letter too much, too little, or another one', () => {
  assert.equal(nearest('webb', known), 'web');
  assert.equal(nearest('we', known), 'web');
  assert.equal(nearest('wob', known), 'web');
});

test('two letters that have changed places count as one mistake', () => {
  assert.equal(nearest('wbe', known), 'web');
  assert.equal(nearest('ngnix', known), 'nginx');
});

test('two letters that have merely changed count as two', () => {
  assert.equal(nearest('abcdef', ['xycdef']), 'xycdef');
  assert.equal(nearest('abcdef', ['xyzdef']), undefined);
  assert.equal(nearest('abcdef', ['bxzdef']), undefined);
  assert.equal(nearest('abcdef', ['zaydef']), undefined);
});

test('capitals do not matter', () => {
  assert.equal(nearest('NGINX', known), 'nginx');
});

test('a longer name may have more mistakes', () => {
  assert.equal(nearest('postgers', known), 'postgres');
  assert.equal(nearest('psotgers', known), 'postgres');
  assert.equal(nearest('web.lgo', known), 'web/log');
});

test('what is not near is not named', () => {
  assert.equal(nearest('redis', known), undefined);
  assert.equal(nearest('pg', known), undefined);
  assert.equal(nearest('web', []), undefined);
});

test('a name that has not one letter in common is not near, however short', () => {
  assert.equal(nearest('x', ['y']), undefined);
  assert.equal(nearest('', ['y']), undefined);
  assert.equal(nearest('x', ['xy']), 'xy');
});

test('the nearest of several is named, the first of those that are equally near', () => {
  assert.equal(nearest('webs', ['wabs', 'web', 'webs2']), 'wabs');
  assert.equal(nearest('workers', ['works', 'worker']), 'worker');
});
