/** Messages to the person: one entry for each cause; when it comes again, it is counted rather than stacked. */

import { h, setText } from './elements.js';

/** A warning that did not come again leaves after this long, ms. */
const WARNING_STAYS = 12_000;
/** Entries that are shown at once; the oldest leaves for a new one. */
const MOST = 4;

export class Messages {
  #root;
  #entries = new Map();

  /** @param {HTMLElement} root A live region. */
  constructor(root) {
    this.#root = root;
  }

  /**
   * @param {object} message
   * @param {'info'|'warning'|'error'} message.severity
   * @param {string} message.title
   * @param {string} [message.text]
   * @param {string} [message.code] Shown small, for those who look it up.
   * @param {string} [message.key] What tells one cause from another; default: severity, code and title.
   * @param {boolean} [message.preformatted] The text has lines of its own.
   * @param {{label: string, run: () => void}} [message.action]
   */
  show({ severity, title, text = '', code = '', key = `${severity} ${code} ${title}`, action, preformatted = false }) {
    const entry = this.#entries.get(key) ?? this.#add(key, severity, action);
    entry.text.classList.toggle('preformatted', preformatted);
    entry.times += 1;
    setText(entry.title, title);
    setText(entry.text, text);
    setText(entry.code, code);
    entry.code.hidden = !code;
    setText(entry.count, `×${entry.times}`);
    entry.count.hidden = entry.times < 2;
    clearTimeout(entry.timer);
    if (severity === 'warning') entry.timer = setTimeout(() => this.dismiss(key), WARNING_STAYS);
  }

  has(key) {
    return this.#entries.has(key);
  }

  dismiss(key) {
    const entry = this.#entries.get(key);
    if (!entry) return;
    clearTimeout(entry.timer);
    entry.element.remove();
    this.#entries.delete(key);
  }

  clear() {
    for (const key of [...this.#entries.keys()]) this.dismiss(key);
  }

  #add(key, severity, action) {
    if (this.#entries.size === MOST) this.dismiss(this.#entries.keys().next().value);
    const entry = {
      times: 0,
      title: h('strong'),
      text: h('span', { class: 'message-text' }),
      code: h('code', { class: 'message-code' }),
      // How often is for the eye: announcing each repetition would drown everything else.
      count: h('span', { class: 'message-count', 'aria-hidden': true }),
    };
    entry.element = h(
      'div',
      { class: 'message', data: { severity, key } },
      h('p', {}, entry.title, ' ', entry.text, ' ', entry.code, entry.count),
      action ? h('button', { type: 'button', class: 'message-action', on: { click: action.run } }, action.label) : null,
      h(
        'button',
        { type: 'button', class: 'message-close', 'aria-label': 'Dismiss', on: { click: () => this.dismiss(key) } },
        '×',
      ),
    );
    this.#entries.set(key, entry);
    this.#root.append(entry.element);
    return entry;
  }
}
