/** Presets of a handler, kept in the browser. Whatever the storage holds or refuses, there is a list to work on. */

/** Presets of one handler. */
export const MOST_PRESETS = 50;
/** Characters of a name. */
export const LONGEST_NAME = 60;
/** Characters of all presets of a handler, as JSON. */
const MOST_TEXT = 200_000;

/** What tells our own JSON from other JSON. */
const MARK = 'presets';

export class Shelf {
  #key;
  #presets;

  /** @param {string} handler Its name. */
  constructor(handler) {
    this.handler = handler;
    this.#key = `framebox.presets.${handler}`;
    this.reload();
  }

  /** Where it is kept, as `storage` events name it. */
  get key() {
    return this.#key;
  }

  /** Takes what the storage holds; nothing of it when that is not what was put there. */
  reload() {
    try {
      this.#presets = read(localStorage.getItem(this.#key) ?? '{}') ?? new Map();
    } catch {
      this.#presets = new Map();
    }
  }

  /** In the order of their names. */
  get names() {
    return [...this.#presets.keys()].sort((a, b) => a.localeCompare(b));
  }

  has(name) {
    return this.#presets.has(name);
  }

  /** @returns {Object<string, unknown>|undefined} Values by id. */
  get(name) {
    return this.#presets.get(name);
  }

  /**
   * Keeps values under a name, in place of what that name stood for.
   * @returns {{taken: boolean, problem: string}} What is to be said about it; empty: it is kept.
   */
  put(name, values) {
    return this.#putAll(new Map([[name, values]]));
  }

  /** @returns {string} What is to be said about it. */
  delete(name) {
    this.#presets.delete(name);
    return this.#keep();
  }

  /** All as JSON, for another browser or another person. */
  export() {
    return JSON.stringify({ framebox: MARK, handler: this.handler, presets: plain(this.#presets) }, null, 2);
  }

  /**
   * Adds presets from JSON that `export` gave, or from an object of values by name.
   * @returns {{names: string[], replaced: number, foreign: string, problem: string}} `foreign`: the handler that they
   *   were made for, if it is another one; `problem`: what is to be said; without names nothing was taken.
   */
  import(text) {
    const nothing = { names: [], replaced: 0, foreign: '' };
    const presets = text.length > MOST_TEXT ? null : read(text);
    if (!presets?.size) return { ...nothing, problem: 'These are no presets: JSON as from “Export” is wanted.' };
    const names = [...presets.keys()];
    const replaced = names.filter((name) => this.has(name)).length;
    const { taken, problem } = this.#putAll(presets);
    if (!taken) return { ...nothing, problem };
    const made = JSON.parse(text).handler;
    return { names, replaced, foreign: typeof made === 'string' && made !== this.handler ? made : '', problem };
  }

  #putAll(presets) {
    const all = new Map([...this.#presets, ...presets]);
    const refused = (problem) => ({ taken: false, problem });
    if (all.size > MOST_PRESETS) return refused(`There can be at most ${MOST_PRESETS} presets: delete some first.`);
    if (JSON.stringify(plain(all)).length > MOST_TEXT) return refused('The presets are too large: delete some first.');
    this.#presets = all;
    return { taken: true, problem: this.#keep() };
  }

  #keep() {
    try {
      localStorage.setItem(this.#key, JSON.stringify(plain(this.#presets)));
      return '';
    } catch {
      return 'This browser does not keep them: they last until the page is closed.';
    }
  }
}

/** @returns {Map<string, object>|null} Null for what is no list of presets. */
function read(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (value?.framebox === MARK) value = value.presets;
  if (!isObject(value)) return null;
  const entries = Object.entries(value).map(([name, values]) => [name.trim(), values]);
  const good = entries.every(([name, values]) => name && name.length <= LONGEST_NAME && isObject(values));
  return good && entries.length <= MOST_PRESETS ? new Map(entries) : null;
}

const plain = (presets) => Object.fromEntries(presets);
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
