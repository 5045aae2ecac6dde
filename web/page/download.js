/** Saves what the page has as a file of the person's. */

import { h } from './elements.js';

/** Time that the browser has to read the bytes, ms. */
const READING = 60_000;

/** @param {Blob} blob @param {string} name Of the file. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), READING);
}

/** A name for a file that is made now: `door-2025-12-01-10-04-05.jpg`. @param {string} name @param {string} type */
export function timedName(name, type) {
  const now = new Date();
  const local = new Date(now.getTime() - 60_000 * now.getTimezoneOffset());
  return `${name}-${local.toISOString().slice(0, 19).replace(/[T:]/g, '-')}.${type}`;
}
