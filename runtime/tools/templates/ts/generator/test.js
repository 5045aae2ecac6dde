import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draw, size } from './build/test/effect.js';

test('moved by one pixel, each row equals the one below it before', () => {
  const row = 3 * size.width;
  const [still, moved] = [draw(0), draw(1)];
  assert.equal(still.length, row * size.height);
  assert.deepEqual([...still.subarray(0, 6)], [0, 170, 170, 2, 172, 168]);
  assert.deepEqual(moved.subarray(0, -row), still.subarray(row));
});
