/** Links that open the page with a stream, or with a handler and its settings. */

/** @import { Parameter, Values } from '../client/types.js' */

import { partition } from './validation.js';

/** Before the id of a setting. */
const SETTING = 'p.';

/** What a link opens. `settings`: texts by id. @typedef {{stream: string|null, handler: string|null, settings: Map<string, string>}} Link */

/** @param {string} address Of the page. @returns {Link} */
export function readLink(address) {
  const { searchParams } = new URL(address);
  const settings = [...searchParams].filter(([key]) => key.startsWith(SETTING) && key !== SETTING);
  return {
    stream: searchParams.get('stream') || null,
    handler: searchParams.get('handler') || null,
    settings: new Map(settings.map(([key, text]) => [key.slice(SETTING.length), text])),
  };
}

/** @param {string} address Of the page. @param {string} stream */
export function streamLink(address, stream) {
  return made(address, { stream });
}

/** @param {string} address Of the page. @param {string} handler @param {Values} [settings] Those that differ from their defaults. */
export function handlerLink(address, handler, settings = {}) {
  const named = Object.entries(settings).map(([id, value]) => [SETTING + id, String(value)]);
  return made(address, { handler, ...Object.fromEntries(named) });
}

/**
 * The values of a link's settings.
 * @param {Map<string, string>} settings
 * @param {Parameter[]} parameters Of the handler.
 * @returns {ReturnType<typeof partition>}
 */
export function valuesOf(settings, parameters) {
  const kinds = new Map(parameters.map(({ id, kind }) => [id, kind]));
  const values = [...settings].map(([id, text]) => [id, parse(kinds.get(id), text)]);
  return partition(parameters, Object.fromEntries(values));
}

/** @param {Parameter['kind']|undefined} kind @param {string} text @returns {unknown} The text where it is no such value. */
function parse(kind, text) {
  if (kind === 'number' || kind === 'integer') return text.trim() ? Number(text) : text;
  if (kind === 'toggle') return { true: true, false: false }[text] ?? text;
  return text;
}

/** @param {string} address @param {Record<string, string>} query */
function made(address, query) {
  const url = new URL(address);
  url.search = String(new URLSearchParams(query));
  url.hash = '';
  return url.href;
}
