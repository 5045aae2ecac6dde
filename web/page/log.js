/** The log panel: the handler's log, standard output and standard error, as plain text. */

/** @import { EventDetails, LogLevel } from '../client/types.js' */

import { find, h, oncePerFrame, setText } from './elements.js';
import { count, UNKNOWN } from './format.js';

/** Lines that are kept and shown; of more, the oldest are dropped. */
const MAX_LINES = 500;
/** Longest line that is shown, characters. */
const MAX_TEXT = 2000;
/** A scroll position this near to the end counts as the end, px. */
const NEAR_END = 24;
/** Time after an input of a person in which scrolling counts as theirs, ms. */
const SCROLL_TIME = 1000;

/** @type {LogLevel[]} */
const LEVELS = ['debug', 'info', 'warn', 'error'];

/** @typedef {{at_ms: number, level: LogLevel, text: string}} Line */

export class Log {
  #root;
  #badge;
  /** @type {Line[]} */
  #lines = [];
  /** Lines that are not drawn yet. @type {Line[]} */
  #undrawn = [];
  #dropped = 0;
  #total = 0;
  #paused = false;
  /** When a person last scrolled, pressed a key or touched the list, ms. */
  #inputAt = -Infinity;
  #draw = oncePerFrame(() => this.#flush());

  /** @param {HTMLDetailsElement} root */
  constructor(root) {
    this.#root = root;
    this.#badge = find(root, '[data-log="count"]', HTMLElement);
    this.list = h('ol', { class: 'log-lines', role: 'log', 'aria-live': 'off', 'aria-label': 'Lines', tabindex: 0 });
    this.empty = h('p', { class: 'quiet' });
    this.level = h(
      'select',
      { 'aria-label': 'Show', on: { change: () => this.#redraw() } },
      h('option', { value: 'debug' }, 'All levels'),
      h('option', { value: 'info' }, 'Info and above'),
      h('option', { value: 'warn' }, 'Warnings and errors'),
      h('option', { value: 'error' }, 'Errors'),
    );
    this.pause = h('button', { type: 'button', on: { click: () => this.#setPaused(!this.#paused) } }, 'Pause');
    this.note = h('p', { class: 'quiet log-note', role: 'status' });
    const clear = h('button', { type: 'button', on: { click: () => this.clear() } }, 'Clear');
    root.append(
      h(
        'div',
        { class: 'log-body' },
        h('div', { class: 'log-bar' }, this.level, this.pause, clear, this.note),
        this.empty,
        this.list,
      ),
    );
    for (const type of ['wheel', 'touchmove', 'keydown', 'pointerdown']) {
      const noteInput = () => {
        this.#inputAt = performance.now();
      };
      this.list.addEventListener(type, noteInput, { passive: true });
    }
    // Scrolling back pauses the log, but only when a person does it: the page itself scrolls, too.
    this.list.addEventListener('scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = this.list;
      const byPerson = performance.now() - this.#inputAt < SCROLL_TIME;
      if (byPerson && !this.#paused && scrollHeight - scrollTop - clientHeight > NEAR_END) this.#setPaused(true);
    });
    root.addEventListener('toggle', () => {
      if (root.open) this.#redraw();
    });
    this.clear();
  }

  clear() {
    this.#lines = [];
    this.#undrawn = [];
    this.#dropped = 0;
    this.#total = 0;
    this.#setPaused(false);
    this.#redraw();
  }

  /** @param {EventDetails['log']} line */
  add({ at_ms, level, message, dropped }) {
    const text = message.length > MAX_TEXT ? `${message.slice(0, MAX_TEXT)}…` : message;
    /** @type {Line} */
    const line = { at_ms, level: LEVELS.includes(level) ? level : 'info', text };
    this.#dropped += dropped;
    this.#total += 1;
    for (const lines of [this.#lines, this.#undrawn]) {
      lines.push(line);
      if (lines.length > MAX_LINES) lines.shift();
    }
    this.#draw();
  }

  /** @param {boolean} paused */
  #setPaused(paused) {
    this.#paused = paused;
    setText(this.pause, paused ? 'Follow' : 'Pause');
    this.pause.setAttribute('aria-label', paused ? 'Follow new lines' : 'Pause: show no new lines');
    if (!paused) this.#flush();
  }

  #redraw() {
    this.#undrawn = [...this.#lines];
    this.list.replaceChildren();
    this.#flush(true);
  }

  #flush(evenPaused = false) {
    setText(this.#badge, count(this.#total));
    this.#badge.hidden = !this.#total;
    const waits = this.#paused && !evenPaused;
    const parts = [
      waits && this.#undrawn.length ? `${this.#undrawn.length} more since the pause` : '',
      this.#dropped ? `${count(this.#dropped)} lines lost` : '',
    ];
    setText(this.note, parts.filter(Boolean).join(' · '));
    if (waits || !this.#root.open) return;
    const least = LEVELS.findIndex((level) => level === this.level.value);
    this.list.append(...this.#undrawn.filter(({ level }) => LEVELS.indexOf(level) >= least).map(item));
    this.#undrawn = [];
    while (this.list.childElementCount > MAX_LINES) this.list.firstElementChild?.remove();
    this.empty.hidden = this.list.childElementCount > 0;
    this.list.hidden = !this.empty.hidden;
    setText(this.empty, this.#total ? 'No lines at this level.' : 'No lines yet.');
    if (!this.#paused) this.list.scrollTop = this.list.scrollHeight;
  }
}

/** @param {Line} line */
function item({ at_ms, level, text }) {
  return h('li', { data: { level } }, h('time', {}, clock(at_ms)), ' ', h('b', {}, level), ' ', h('span', {}, text));
}

/** Time since the session began, m:ss.mmm. @param {number} milliseconds */
function clock(milliseconds) {
  if (!Number.isFinite(milliseconds)) return UNKNOWN;
  const seconds = Math.floor(milliseconds / 1000);
  /** @param {number} value @param {number} digits */
  const pad = (value, digits) => String(value).padStart(digits, '0');
  return `${Math.floor(seconds / 60)}:${pad(seconds % 60, 2)}.${pad(Math.floor(milliseconds % 1000), 3)}`;
}
