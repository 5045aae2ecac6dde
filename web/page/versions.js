/** The versions of the chosen handler: which there are, which one is active, how to return to another. */

/** @import { Canary, Handler, Version, Versions } from '../client/types.js' */

import { toFrameboxError } from '../client/errors.js';
import { h, setText } from './elements.js';
import { bytes } from './format.js';

export class VersionList {
  #root;
  #catalog;
  /** @type {string|null} */
  #handler = null;
  /** Counts requests, so that only the response to the latest one is shown. */
  #requests = 0;

  /**
   * @param {HTMLDetailsElement} root
   * @param {{versions: (name: string) => Promise<Versions>,
   *   promote: (name: string, version: number) => Promise<unknown>,
   *   remove: (name: string, version: number) => Promise<unknown>}} catalog
   */
  constructor(root, catalog) {
    this.#root = root;
    this.#catalog = catalog;
    this.list = h('ol', { class: 'versions-list', reversed: true });
    this.note = h('p', { class: 'quiet versions-note', role: 'status' });
    root.append(h('div', { class: 'versions-body' }, this.list, this.note));
    root.addEventListener('toggle', () => this.refresh());
  }

  /** @param {Handler} handler */
  show(handler) {
    this.#root.hidden = handler.builtin;
    if (this.#handler !== handler.name) {
      this.list.replaceChildren();
      this.#showNote('');
    }
    this.#handler = handler.name;
    this.refresh();
  }

  /** Reads the versions again, if they are visible. */
  async refresh() {
    if (!this.#root.open || this.#root.hidden || !this.#handler) return;
    const request = ++this.#requests;
    const name = this.#handler;
    try {
      const { versions, canary } = await this.#catalog.versions(name);
      if (request !== this.#requests) return;
      this.list.replaceChildren(...versions.toReversed().map((version) => this.#item(name, version, canary)));
    } catch (error) {
      if (request === this.#requests) this.#showNote(toFrameboxError(error).message, true);
    }
  }

  /**
   * @param {string} name
   * @param {Version} version
   * @param {Canary|null} canary
   */
  #item(name, { version, active, uploaded, sessions, digest, bytes: size, rolled_back: rolledBack }, canary) {
    const facts = [
      uploaded ? new Date(uploaded).toLocaleString() : null,
      bytes(size),
      `${sessions}\u00a0${sessions === 1 ? 'session' : 'sessions'}`,
      canary?.version === version ? `canary, ${Math.round(canary.share * 100)} % of new sessions` : null,
    ];
    /** @param {string} label @param {() => Promise<unknown>} act @param {object} [more] */
    const button = (label, act, more = {}) =>
      h('button', { type: 'button', on: { click: ({ target }) => this.#act(target, act) }, ...more }, label);
    return h(
      'li',
      { data: { version }, 'aria-current': active ? 'true' : null },
      h(
        'div',
        { class: 'versions-head' },
        h('b', {}, `Version ${version}`),
        active ? h('span', { class: 'badge' }, 'active') : null,
        active ? null : button('Make active', () => this.#catalog.promote(name, version)),
        active ? null : button('Delete', () => this.#remove(name, version), { class: 'plain' }),
      ),
      h('p', { class: 'quiet', title: digest }, facts.filter(Boolean).join(' · ')),
      rolledBack ? h('p', { class: 'versions-rollback' }, `Rolled back: ${rolledBack}`) : null,
    );
  }

  /** @param {string} name @param {number} version */
  async #remove(name, version) {
    if (confirm(`Delete version ${version} of ${name}? This cannot be undone.`))
      await this.#catalog.remove(name, version);
  }

  /** @param {HTMLButtonElement} button @param {() => Promise<unknown>} act */
  async #act(button, act) {
    button.disabled = true;
    this.#showNote('');
    try {
      await act();
    } catch (error) {
      this.#showNote(toFrameboxError(error).message, true);
    }
    button.disabled = false;
    this.refresh();
  }

  /** @param {string} text @param {boolean} [isError] */
  #showNote(text, isError = false) {
    setText(this.note, text);
    this.note.toggleAttribute('data-error', isError);
  }
}
