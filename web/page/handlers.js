/** The cards from which a handler is chosen. */

import { h } from './elements.js';

const KINDS = {
  transform: 'Camera in, video out',
  generator: 'Video out, no camera',
  observer: 'Camera in, values out',
};

/** From so many handlers on, there is a field to filter them. */
const FILTER_FROM = 8;

export class Handlers {
  #root;
  #filter;
  #all = [];

  /**
   * @param {HTMLElement} root
   * @param {HTMLInputElement} filter
   * @param {(handler: object) => void} chosen Called when a person chose another one.
   */
  constructor(root, filter, chosen) {
    this.#root = root;
    this.#filter = filter;
    root.addEventListener('change', (event) => {
      const handler = this.find(event.target.value);
      if (handler) chosen(handler);
    });
    filter.addEventListener('input', () => this.#narrow());
  }

  /** All that there are. */
  get all() {
    return this.#all;
  }

  find(name) {
    return this.#all.find((handler) => handler.name === name) ?? null;
  }

  get selected() {
    return this.find(this.#root.querySelector('input:checked')?.value);
  }

  /** Draws all; `selected` is the name of the one that is chosen. */
  show(all, selected) {
    this.#root.setAttribute('aria-busy', 'false');
    this.#filter.hidden = all.length < FILTER_FROM;
    if (JSON.stringify(all) !== JSON.stringify(this.#all)) {
      this.#all = all;
      this.#root.replaceChildren(...all.map(card));
      if (!all.length) this.#root.append(h('p', { class: 'quiet' }, 'The server has no handlers yet.'));
    }
    this.select(selected);
    this.#narrow();
  }

  select(name) {
    for (const input of this.#root.querySelectorAll('input')) input.checked = input.value === name;
    this.#root.querySelector(':checked')?.closest('.card')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  #narrow() {
    const words = this.#filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const element of this.#root.querySelectorAll('.card')) {
      const text = element.textContent.toLowerCase() + element.dataset.handler.toLowerCase();
      element.hidden = !words.every((word) => text.includes(word));
    }
  }
}

function card(handler) {
  const { name, title, summary, kind } = handler;
  return h(
    'label',
    { class: 'card', data: { handler: name, kind } },
    h('input', { type: 'radio', name: 'handler', value: name }),
    h('span', { class: 'card-title' }, title || name),
    h('span', { class: 'card-summary' }, summary),
    kind === 'transform' ? null : h('span', { class: 'card-kind' }, KINDS[kind] ?? kind),
  );
}
