/** Presets of a handler, stored in the browser. Without usable storage they last until the page is closed. */

/** @import { Values } from '../client/types.js' */

/** Presets of one handler. */
export const MAX_PRESETS = 50;
/** Longest name, characters. */
export const MAX_NAME = 60;
/** Largest list of presets, characters of JSON. */
const MAX_TEXT = 200_000;

/** Distinguishes exported presets from other JSON. */
const MARK = 'presets';

/**
 * The outcome of storing presets. `stored`: whether the presets were accepted; `problem`: what a person has to know,
 * or empty.
 * @typedef {{stored: boolean, problem: string}} Outcome
 */

/**
 * The outcome of an import. `replaced`: how many existing presets were replaced; `foreign`: the handler that they were
 * made for, if it is another one.
 * @typedef {{names: string[], replaced: number, foreign: string, problem: string}} Imported
 */

export class PresetStore {
  #key;
  /** @type {Map<string, Values>} */
  #presets = new Map();

  /** @param {string} handler Its name. */
  constructor(handler) {
    this.handler = handler;
    this.#key = `framebox.presets.${handler}`;
    this.reload();
  }

  /** The key in the browser's storage, as `storage` events name it. */
  get key() {
    return this.#key;
  }

  /** Reads the storage; what is no valid list of presets counts as empty. */
  reload() {
    try {
      this.#presets = parse(localStorage.getItem(this.#key) ?? '{}') ?? new Map();
    } catch {
      this.#presets = new Map();
    }
  }

  /** Names in alphabetical order. */
  get names() {
    return [...this.#presets.keys()].sort((a, b) => a.localeCompare(b));
  }

  /** @param {string} name */
  has(name) {
    return this.#presets.has(name);
  }

  /** @param {string} name */
  get(name) {
    return this.#presets.get(name);
  }

  /**
   * Stores values under a name, in place of existing ones.
   * @param {string} name
   * @param {Values} values
   * @returns {Outcome}
   */
  put(name, values) {
    return this.#putAll(new Map([[name, values]]));
  }

  /** @param {string} name @returns {string} What a person has to know, or empty. */
  delete(name) {
    this.#presets.delete(name);
    return this.#save();
  }

  /** All presets as JSON, for another browser or another person. */
  export() {
    return JSON.stringify({ framebox: MARK, handler: this.handler, presets: toObject(this.#presets) }, null, 2);
  }

  /**
   * Adds presets from JSON that `export` returned, or from an object of values by name.
   * @param {string} text
   * @returns {Imported} Without names nothing was imported.
   */
  import(text) {
    const nothing = { names: [], replaced: 0, foreign: '' };
    const presets = text.length > MAX_TEXT ? null : parse(text);
    if (!presets?.size)
      return { ...nothing, problem: 'This is not a list of presets. Paste the JSON that “Export” gives.' };
    const names = [...presets.keys()];
    const replaced = names.filter((name) => this.has(name)).length;
    const { stored, problem } = this.#putAll(presets);
    if (!stored) return { ...nothing, problem };
    const { handler } = JSON.parse(text);
    return {
      names,
      replaced,
      foreign: typeof handler === 'string' && handler !== this.handler ? handler : '',
      problem,
    };
  }

  /** @param {Map<string, Values>} presets @returns {Outcome} */
  #putAll(presets) {
    const all = new Map([...this.#presets, ...presets]);
    if (all.size > MAX_PRESETS)
      return { stored: false, problem: `At most ${MAX_PRESETS} presets are possible. Delete some first.` };
    if (JSON.stringify(toObject(all)).length > MAX_TEXT)
      return { stored: false, problem: 'The presets are too large. Delete some first.' };
    this.#presets = all;
    return { stored: true, problem: this.#save() };
  }

  /** @returns {string} What a person has to know, or empty. */
  #save() {
    try {
      localStorage.setItem(this.#key, JSON.stringify(toObject(this.#presets)));
      return '';
    } catch {
      return 'This browser does not store presets: they are lost when the page is closed.';
    }
  }
}

/** Parses a list of presets; null for anything else. @param {string} text @returns {Map<string, Values>|null} */
function parse(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (value?.framebox === MARK) value = value.presets;
  if (!isValues(value)) return null;
  /** @type {Map<string, Values>} */
  const presets = new Map();
  for (const [key, values] of Object.entries(value)) {
    const name = key.trim();
    if (!name || name.length > MAX_NAME || !isValues(values)) return null;
    presets.set(name, values);
  }
  return Object.keys(value).length <= MAX_PRESETS ? presets : null;
}

/** @param {Map<string, Values>} presets */
const toObject = (presets) => Object.fromEntries(presets);

/** @param {unknown} value @returns {value is Values} */
const isValues = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
