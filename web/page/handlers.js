/** The cards from which a person chooses a handler. */

/** @import { Handler, Kind } from '../client/types.js' */

import { h } from './elements.js';

/** @type {Record<Kind, string>} */
const KINDS = {
  transform: 'Camera in, video out',
  generator: 'Video out, no camera',
  observer: 'Camera in, values out',
};

/** From this number of handlers on, there is a field to filter them. */
const FILTER_FROM = 8;

export class Handlers {
  #root;
  #filter;
  /** @type {Handler[]} */
  #all = [];

  /**
   * @param {HTMLElement} root
   * @param {HTMLInputElement} filter
   * @param {(handler: Handler) => void} chosen Called when a person chose another handler.
   */
  constructor(root, filter, chosen) {
    this.#root = root;
    this.#filter = filter;
    root.addEventListener('change', ({ target }) => {
      const handler = target instanceof HTMLInputElement ? this.find(target.value) : null;
      if (handler) chosen(handler);
    });
    filter.addEventListener('input', () => this.#applyFilter());
  }

  get all() {
    return this.#all;
  }

  /** @param {string|undefined} name */
  find(name) {
    return this.#all.find((handler) => handler.name === name) ?? null;
  }

  get selected() {
    return this.find(this.#inputs().find((input) => input.checked)?.value);
  }

  /** Draws the handlers. @param {Handler[]} all @param {string|undefined} selected Name of the chosen one. */
  show(all, selected) {
    this.#root.setAttribute('aria-busy', 'false');
    this.#filter.hidden = all.length < FILTER_FROM;
    if (JSON.stringify(all) !== JSON.stringify(this.#all)) {
      this.#all = all;
      this.#root.replaceChildren(...all.map(card));
      if (!all.length) {
        const text = 'The server has no handlers yet. Upload one to start.';
        this.#root.append(h('p', { class: 'quiet' }, text));
      }
    }
    this.select(selected);
    this.#applyFilter();
  }

  /** @param {string|undefined} name */
  select(name) {
    for (const input of this.#inputs()) input.checked = input.value === name;
    this.#root.querySelector(':checked')?.closest('.card')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  #inputs() {
    return [...this.#root.querySelectorAll('input')];
  }

  #applyFilter() {
    const words = this.#filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (this.#root.querySelectorAll('.card'))) {
      const text = `${element.textContent}${element.dataset.handler}`.toLowerCase();
      element.hidden = !words.every((word) => text.includes(word));
    }
  }
}

/** @param {Handler} handler */
function card({ name, title, summary, kind }) {
  return h(
    'label',
    { class: 'card', data: { handler: name, kind } },
    h('input', { type: 'radio', name: 'handler', value: name }),
    h('span', { class: 'card-title' }, title || name),
    h('span', { class: 'card-summary' }, summary),
    kind === 'transform' ? null : h('span', { class: 'card-kind' }, KINDS[kind] ?? kind),
  );
}
