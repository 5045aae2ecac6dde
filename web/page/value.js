/** Values of handlers as text. They may be anything: of another kind than described, huge, or nested very deep. */

import { steady, UNKNOWN } from './format.js';

/** Longest JSON text that is parsed, characters. */
const MAX_PARSED = 500_000;

/** Cuts a text that is longer than `max` characters. @param {string} text @param {number} max */
export function cut(text, max) {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

/** A value on one line. @param {unknown} value @param {number} [max] Longest text, characters. */
export function plain(value, max = 300) {
  if (value === null || value === undefined) return UNKNOWN;
  if (typeof value === 'number') return steady(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return cut(typeof value === 'string' ? value : json(value), max);
}

/**
 * A value as indented JSON, with lists of plain values on one line.
 * @param {unknown} value
 * @param {number} max Longest text, characters.
 */
export function pretty(value, max) {
  if (value === undefined) return UNKNOWN;
  const text = cut(json(value, 2), max);
  // Strings within JSON have no raw line breaks, so they stay as they are.
  return text.replace(/\[\n[^[\]{}]*\]/g, (list) => list.replace(/\n */g, ' '));
}

/** Parses a text that is JSON; returns everything else as it is. @param {unknown} value @returns {unknown} */
export function parsed(value) {
  if (typeof value !== 'string' || value.length > MAX_PARSED) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** @param {unknown} value @param {number} [indent] */
function json(value, indent) {
  try {
    return JSON.stringify(value, null, indent) ?? UNKNOWN;
  } catch {
    return 'Nested too deep to be shown';
  }
}
