/** Values of handlers as text. They may be anything: of another kind than announced, huge, or nested without end. */

import { steady, UNKNOWN } from './format.js';

/** Characters of JSON text that are read. */
const MOST_READ = 500_000;

/** Text, cut where it gets too long to be read. */
export function cut(text, most) {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** A value in one line. */
export function plain(value, most = 300) {
  if (value === null || value === undefined) return UNKNOWN;
  if (typeof value === 'number') return steady(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return cut(typeof value === 'string' ? value : json(value), most);
}

/** Indented, with lists of plain values on one line. Text within JSON has no raw line breaks, so it stays as it is. */
export function pretty(value, most) {
  if (value === undefined) return UNKNOWN;
  const whole = cut(json(value, 2), most);
  return whole.replace(/\[\n[^[\]{}]*\]/g, (list) => list.replace(/\n */g, ' '));
}

/** JSON that arrives as text, as it was meant; other text as it is. */
export function parsed(value) {
  if (typeof value !== 'string' || value.length > MOST_READ) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function json(value, indent) {
  try {
    return JSON.stringify(value, null, indent) ?? UNKNOWN;
  } catch {
    return 'Nested too deep to be shown';
  }
}
