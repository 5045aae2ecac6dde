/** What the handler says: its log, standard output and standard error, as text and nothing else. */

import { h, oncePerFrame, setText } from './elements.js';
import { count, UNKNOWN } from './format.js';

/** Lines kept and shown; of more, the oldest go. */
const MOST_LINES = 500;
/** Characters of a line that are shown. */
const MOST_TEXT = 2000;
/** So near to the end counts as being there, pixels. */
const NEAR = 24;
/** A movement that follows a hand's within that time is the hand's, ms. */
const SCROLLING = 1000;

const LEVELS = ['debug', 'info', 'warn', 'error'];

export class Log {
  #root;
  #lines = [];
  #fresh = [];
  #dropped = 0;
  #total = 0;
  #paused = false;
  #touched = -Infinity;
  #draw = oncePerFrame(() => this.#flush());

  /** @param {HTMLDetailsElement} root */
  constructor(root) {
    this.#root = root;
    this.list = h('ol', { class: 'log-lines', role: 'log', 'aria-live': 'off', 'aria-label': 'Lines', tabindex: 0 });
    this.empty = h('p', { class: 'quiet' }, 'Nothing was said yet.');
    this.level = h(
      'select',
      { 'aria-label': 'Show', on: { change: () => this.#redraw() } },
      h('option', { value: 'debug' }, 'All levels'),
      h('option', { value: 'info' }, 'Info and above'),
      h('option', { value: 'warn' }, 'Warnings and errors'),
      h('option', { value: 'error' }, 'Errors'),
    );
    this.follow = h('button', { type: 'button', on: { click: () => this.#pause(!this.#paused) } }, 'Pause');
    this.note = h('p', { class: 'quiet log-note', role: 'status' });
    const clear = h('button', { type: 'button', on: { click: () => this.clear() } }, 'Clear');
    root.append(
      h(
        'div',
        { class: 'log-body' },
        h('div', { class: 'log-bar' }, this.level, this.follow, clear, this.note),
        this.empty,
        this.list,
      ),
    );
    for (const type of ['wheel', 'touchmove', 'keydown', 'pointerdown'])
      this.list.addEventListener(type, () => (this.#touched = performance.now()), { passive: true });
    // Whoever scrolls back wants to read; what the page itself moves is no reason to stop.
    this.list.addEventListener('scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = this.list;
      const byHand = performance.now() - this.#touched < SCROLLING;
      if (byHand && !this.#paused && scrollHeight - scrollTop - clientHeight > NEAR) this.#pause(true);
    });
    root.addEventListener('toggle', () => root.open && this.#redraw());
    this.clear();
  }

  clear() {
    this.#lines = [];
    this.#fresh = [];
    this.#dropped = 0;
    this.#total = 0;
    this.#pause(false);
    this.#redraw();
  }

  /** @param {{at_ms: number, level: string, message: string, dropped: number}} line */
  take({ at_ms, level, message, dropped }) {
    const text = message.length > MOST_TEXT ? `${message.slice(0, MOST_TEXT)}…` : message;
    const line = { at_ms, level: LEVELS.includes(level) ? level : 'info', text };
    this.#dropped += dropped;
    this.#total += 1;
    this.#lines.push(line);
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
    this.#fresh.push(line);
    if (this.#fresh.length > MOST_LINES) this.#fresh.shift();
    this.#draw();
  }

  #pause(paused) {
    this.#paused = paused;
    setText(this.follow, paused ? 'Follow' : 'Pause');
    this.follow.setAttribute('aria-label', paused ? 'Follow new lines' : 'Pause: show no new lines');
    if (!paused) this.#flush();
  }

  #shows({ level }) {
    return LEVELS.indexOf(level) >= LEVELS.indexOf(this.level.value);
  }

  #redraw() {
    this.#fresh = [...this.#lines];
    this.list.replaceChildren();
    this.#flush(true);
  }

  #flush(asked = false) {
    const badge = this.#root.querySelector('[data-log="count"]');
    setText(badge, count(this.#total));
    badge.hidden = !this.#total;
    const waits = this.#paused && !asked;
    const parts = [
      waits && this.#fresh.length ? `${this.#fresh.length} more since the pause` : '',
      this.#dropped ? `dropped ${count(this.#dropped)}` : '',
    ];
    setText(this.note, parts.filter(Boolean).join(' · '));
    if (waits || !this.#root.open) return;
    this.list.append(...this.#fresh.filter((line) => this.#shows(line)).map(item));
    this.#fresh = [];
    while (this.list.childElementCount > MOST_LINES) this.list.firstChild.remove();
    this.empty.hidden = this.list.childElementCount > 0;
    this.list.hidden = !this.empty.hidden;
    setText(this.empty, this.#total ? 'Nothing of this level.' : 'Nothing was said yet.');
    if (!this.#paused) this.list.scrollTop = this.list.scrollHeight;
  }
}

function item({ at_ms, level, text }) {
  return h(
    'li',
    { data: { level } },
    h('time', {}, clock(at_ms)),
    ' ',
    h('b', {}, level),
    ' ',
    h('span', {}, text),
  );
}

/** Since the session began, m:ss.mmm. */
function clock(milliseconds) {
  if (!Number.isFinite(milliseconds)) return UNKNOWN;
  const seconds = Math.floor(milliseconds / 1000);
  const pad = (value, digits) => String(value).padStart(digits, '0');
  return `${Math.floor(seconds / 60)}:${pad(seconds % 60, 2)}.${pad(Math.floor(milliseconds % 1000), 3)}`;
}
