/** The versions of the chosen handler: which there are, which one runs, going back to another. */

import { h, setText } from './elements.js';
import { bytes } from './format.js';

export class Versions {
  #root;
  #report;
  #handler = null;
  #asked = 0;

  /**
   * @param {HTMLDetailsElement} root
   * @param {{versions: (name: string) => Promise<object>, promote: (name: string, version: number) => Promise<void>,
   *   remove: (name: string, version: number) => Promise<void>}} report
   */
  constructor(root, report) {
    this.#root = root;
    this.#report = report;
    this.list = h('ol', { class: 'versions-list', reversed: true });
    this.note = h('p', { class: 'quiet versions-note', role: 'status' });
    root.append(h('div', { class: 'versions-body' }, this.list, this.note));
    root.addEventListener('toggle', () => this.refresh());
  }

  /** @param {{name: string, builtin: boolean}} handler */
  show(handler) {
    this.#root.hidden = handler.builtin;
    if (this.#handler !== handler.name) {
      this.list.replaceChildren();
      this.#say('');
    }
    this.#handler = handler.name;
    this.refresh();
  }

  /** Looks again, when somebody sees it. */
  async refresh() {
    if (!this.#root.open || this.#root.hidden || !this.#handler) return;
    const mine = ++this.#asked;
    const name = this.#handler;
    try {
      const { versions, canary } = await this.#report.versions(name);
      if (mine !== this.#asked) return;
      const line = (version) => this.#line(name, version, canary);
      this.list.replaceChildren(...versions.toReversed().map(line));
    } catch (problem) {
      if (mine === this.#asked) this.#say(problem.message, true);
    }
  }

  #line(name, about, canary) {
    const { version, active, uploaded, sessions, digest, rolled_back: rolledBack } = about;
    const facts = [
      uploaded ? new Date(uploaded).toLocaleString() : null,
      bytes(about.bytes),
      `${sessions} ${sessions === 1 ? 'session' : 'sessions'}`,
      canary?.version === version ? `canary, ${Math.round(canary.share * 100)} % of new sessions` : null,
    ];
    const act = (label, work, more = {}) =>
      h('button', { type: 'button', on: { click: (event) => this.#act(event.target, work) }, ...more }, label);
    return h(
      'li',
      { data: { version }, 'aria-current': active ? 'true' : null },
      h(
        'div',
        { class: 'versions-head' },
        h('b', {}, `Version ${version}`),
        active ? h('span', { class: 'badge' }, 'active') : null,
        active ? null : act('Make active', () => this.#report.promote(name, version)),
        active ? null : act('Delete', () => this.#remove(name, version), { class: 'plain' }),
      ),
      h('p', { class: 'quiet', title: digest }, facts.filter(Boolean).join(' · ')),
      rolledBack ? h('p', { class: 'versions-fault' }, `Taken back: ${rolledBack}`) : null,
    );
  }

  #remove(name, version) {
    if (confirm(`Delete version ${version} of ${name}? It cannot be brought back.`))
      return this.#report.remove(name, version);
  }

  async #act(button, work) {
    button.disabled = true;
    this.#say('');
    try {
      await work();
    } catch (problem) {
      this.#say(problem.message, true);
    }
    button.disabled = false;
    this.refresh();
  }

  #say(text, wrong = false) {
    setText(this.note, text);
    this.note.toggleAttribute('data-wrong', wrong);
  }
}
