import assert from 'node:assert/strict';
import { test } from 'node:test';
import { solarize } from './build/test/effect.js';

test('bright pixels are inverted', () => {
  const luma = Uint8Array.of(16, 99, 100, 235);
  assert.equal(solarize(luma, 100), 50);
  assert.deepEqual([...luma], [16, 99, 151, 16]);
});
