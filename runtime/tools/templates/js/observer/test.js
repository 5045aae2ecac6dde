import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brightness } from './effect.js';

test('brightness is the mean', () => {
  assert.equal(brightness(Uint8Array.of(0, 100, 201)), 100);
  assert.equal(brightness(Uint8Array.of(255)), 255);
});
