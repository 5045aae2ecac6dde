/** Messages to the person: one entry for each cause, which is counted when it comes again. */

import { h, setText } from './elements.js';

/** Time after which a warning disappears unless it comes again, ms. */
const WARNING_TIME = 12_000;
/** Entries that are shown at once; of more, the oldest disappears. */
const MAX_ENTRIES = 4;

/**
 * @typedef {object} Message
 * @property {'info'|'warning'|'error'} severity
 * @property {string} title
 * @property {string} [text]
 * @property {string} [code] Shown small, to search for.
 * @property {string} [key] Identifies the cause; default: severity, code and title.
 * @property {boolean} [preformatted] Whether the text has line breaks of its own.
 * @property {{label: string, run: () => void}} [action] A button.
 */

/**
 * @typedef {object} Entry
 * @property {number} times
 * @property {HTMLElement} element
 * @property {HTMLElement} title
 * @property {HTMLElement} text
 * @property {HTMLElement} code
 * @property {HTMLElement} count
 * @property {number} [timer]
 */

export class Messages {
  #root;
  /** @type {Map<string, Entry>} */
  #entries = new Map();

  /** @param {HTMLElement} root A live region. */
  constructor(root) {
    this.#root = root;
  }

  /** @param {Message} message */
  show({ severity, title, text = '', code = '', key = `${severity} ${code} ${title}`, action, preformatted = false }) {
    const entry = this.#entries.get(key) ?? this.#add(key, severity, action);
    entry.text.classList.toggle('preformatted', preformatted);
    entry.times += 1;
    setText(entry.title, text ? punctuated(title, text) : title);
    setText(entry.text, text);
    setText(entry.code, code);
    entry.code.hidden = !code;
    setText(entry.count, `×${entry.times}`);
    entry.count.hidden = entry.times < 2;
    clearTimeout(entry.timer);
    if (severity === 'warning') entry.timer = setTimeout(() => this.dismiss(key), WARNING_TIME);
  }

  /** @param {string} key */
  has(key) {
    return this.#entries.has(key);
  }

  /** @param {string} key */
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

  /**
   * @param {string} key
   * @param {Message['severity']} severity
   * @param {Message['action']} action
   */
  #add(key, severity, action) {
    const [oldest] = this.#entries.keys();
    if (this.#entries.size === MAX_ENTRIES) this.dismiss(oldest);
    const title = h('strong');
    const text = h('span', { class: 'message-text' });
    const code = h('code', { class: 'message-code' });
    // Hidden from screen readers: announcing each repetition would drown everything else.
    const count = h('span', { class: 'message-count', 'aria-hidden': true });
    const element = h(
      'div',
      { class: 'message', data: { severity, key } },
      h('p', {}, title, ' ', text, ' ', code, count),
      action ? h('button', { type: 'button', class: 'message-action', on: { click: action.run } }, action.label) : null,
      h(
        'button',
        { type: 'button', class: 'message-close', 'aria-label': 'Dismiss', on: { click: () => this.dismiss(key) } },
        '×',
      ),
    );
    /** @type {Entry} */
    const entry = { times: 0, element, title, text, code, count };
    this.#entries.set(key, entry);
    this.#root.append(element);
    return entry;
  }
}

/**
 * Ends a title that a text follows: with a full stop, or a colon before a text that starts in lower case.
 * @param {string} title
 * @param {string} text
 */
function punctuated(title, text) {
  if (!/[\p{L}\p{N}]$/u.test(title)) return title;
  return /^\p{Ll}/u.test(text) ? `${title}:` : `${title}.`;
}
