/** A stream in the list: its picture, its state, and the buttons to watch and to share it. */

/** @import { StreamState, StreamSummary } from '../client/types.js' */

import { h, setText } from './elements.js';

/** @type {Record<StreamState, string>} */
const STATES = {
  idle: 'Idle',
  waiting: 'Waiting',
  live: 'Live',
  away: 'Away',
  failed: 'Failed',
  ending: 'Ending',
};

/** In place of a picture. @type {Partial<Record<StreamState, string>>} */
const PLACEHOLDERS = {
  idle: 'Starts when somebody watches',
  waiting: 'Waits for its video',
  failed: 'Does not run',
};

/** @param {StreamSummary} stream */
export const titleOf = ({ title, name }) => title || name;

/** @param {StreamState} state */
export const stateWord = (state) => STATES[state] ?? state;

/** @param {number} viewers */
export const viewersWord = (viewers) => `${viewers} ${viewers === 1 ? 'viewer' : 'viewers'}`;

export class StreamCard {
  #picture = h('img', { alt: '', hidden: true, decoding: 'async' });
  #placeholder = h('span', { class: 'stream-placeholder' });
  #state = h('span', { class: 'badge stream-state' });
  #title = h('h3', { class: 'stream-title' });
  #facts = h('p', { class: 'quiet stream-facts' });
  #watch;
  #share;
  /** @type {string|null} */
  #url = null;
  /** Whether the list is scrolled to it. */
  isVisible = false;

  /**
   * @param {StreamSummary} stream
   * @param {{watch: (stream: StreamSummary) => void, share: (stream: StreamSummary) => void}} callbacks
   */
  constructor(stream, callbacks) {
    this.stream = stream;
    this.#watch = h('button', { type: 'button', on: { click: () => callbacks.watch(this.stream) } }, 'Watch');
    this.#share = h(
      'button',
      { type: 'button', class: 'plain', title: 'Copies a link', on: { click: () => callbacks.share(this.stream) } },
      'Share',
    );
    this.element = h(
      'li',
      { class: 'stream', data: { stream: stream.name } },
      h('div', { class: 'stream-picture' }, this.#picture, this.#placeholder, this.#state),
      this.#title,
      this.#facts,
      h('div', { class: 'stream-actions' }, this.#watch, this.#share),
    );
    this.#picture.addEventListener('error', () => this.showPicture(null));
    this.update(stream, false);
  }

  /** @param {StreamSummary} stream @param {boolean} isWatched Whether it is the one that is watched here. */
  update(stream, isWatched) {
    this.stream = stream;
    const { handler, state, viewers, name } = stream;
    const title = titleOf(stream);
    setText(this.#title, title);
    this.#title.title = name;
    setText(this.#state, stateWord(state));
    this.element.dataset.state = state;
    setText(this.#facts, [handler, viewersWord(viewers)].join(' · '));
    setText(this.#placeholder, PLACEHOLDERS[state] ?? 'No picture yet');
    setText(this.#watch, isWatched ? 'Watching' : 'Watch');
    this.#watch.setAttribute('aria-label', `${this.#watch.textContent} ${title}`);
    this.#share.setAttribute('aria-label', `Share ${title}`);
    this.#watch.disabled = isWatched || state === 'ending';
    if (isWatched) this.element.setAttribute('aria-current', 'true');
    else this.element.removeAttribute('aria-current');
  }

  /** Whether there may be a picture of it. */
  get hasPicture() {
    return ['live', 'away'].includes(this.stream.state) && this.stream.kind !== 'observer';
  }

  /** @param {Blob|null} blob Null: there is none. */
  showPicture(blob) {
    const before = this.#url;
    this.#url = blob && URL.createObjectURL(blob);
    if (this.#url) this.#picture.src = this.#url;
    else this.#picture.removeAttribute('src');
    this.#picture.hidden = !this.#url;
    this.#placeholder.hidden = Boolean(this.#url);
    if (before) URL.revokeObjectURL(before);
  }

  remove() {
    this.showPicture(null);
    this.element.remove();
  }
}
