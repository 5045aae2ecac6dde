/** The streams that a person may watch, with a picture of each. */

/** @import { Streams } from '../client/streams.js' */
/** @import { StreamSummary } from '../client/types.js' */

import { toFrameboxError } from '../client/errors.js';
import { sleep } from '../client/promise.js';
import { h } from './elements.js';
import { StreamCard } from './stream-card.js';

/** Time between two looks at the list and the pictures, ms. */
const INTERVAL = 4000;
/** Time in which the browser draws a frame, ms. */
const FRAME = 50;
/** Longest edge of a picture, pixels. */
const PICTURE_SIZE = 320;

/**
 * `streams`: requests; `changed`: what there is now.
 * @typedef {{streams: () => Streams, watch: (stream: StreamSummary) => void, share: (stream: StreamSummary) => void,
 *   changed: (streams: StreamSummary[]) => void}} Callbacks
 */

export class StreamList {
  #root;
  #callbacks;
  #list = h('ul', { class: 'streams-list', 'aria-labelledby': 'streams-title' });
  #empty = h('p', { class: 'quiet', hidden: true }, 'None yet. Start a handler and switch “Publish” on: others find it here.');
  /** By name. @type {Map<string, StreamCard>} */
  #cards = new Map();
  /** @type {string|null} */
  #watched = null;
  #running = false;
  /** Ends a pause. */
  #resume = () => {};
  #observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const card = this.#cards.get(/** @type {HTMLElement} */ (target).dataset.stream ?? '');
      if (card) card.isVisible = isIntersecting;
    }
  });

  /** @param {HTMLElement} root Hidden until the server has answered. @param {Callbacks} callbacks */
  constructor(root, callbacks) {
    this.#root = root;
    this.#callbacks = callbacks;
    root.append(this.#list, this.#empty);
    document.addEventListener('visibilitychange', () => this.refresh());
  }

  /** The stream that is watched here. @param {string|null} name */
  set watched(name) {
    this.#watched = name;
    for (const card of this.#cards.values()) card.update(card.stream, card.stream.name === name);
  }

  /** Looks at once, and from then on again and again while the page is visible. */
  async refresh() {
    this.#resume();
    if (this.#running) return;
    this.#running = true;
    while (!document.hidden) {
      await this.#read();
      // The browser says with its next frame which cards are to be seen.
      await sleep(FRAME);
      await this.#readPictures();
      await this.#pause();
    }
    this.#running = false;
  }

  async #read() {
    try {
      this.#show(await this.#callbacks.streams().list());
    } catch (error) {
      const { status } = toFrameboxError(error);
      // Without a token there may be nothing to see; a server that does not respond may still have what it had.
      if (status) this.#show([]);
      if (status) this.#root.hidden = true;
    }
  }

  /** @param {StreamSummary[]} streams */
  #show(streams) {
    this.#root.hidden = false;
    this.#empty.hidden = streams.length > 0;
    this.#list.hidden = !streams.length;
    const names = new Set(streams.map(({ name }) => name));
    for (const [name, card] of this.#cards) {
      if (names.has(name)) continue;
      this.#observer.unobserve(card.element);
      this.#cards.delete(name);
      card.remove();
    }
    for (const stream of streams) {
      const known = this.#cards.get(stream.name);
      const card = known ?? new StreamCard(stream, this.#callbacks);
      card.update(stream, stream.name === this.#watched);
      if (known) continue;
      this.#cards.set(stream.name, card);
      this.#list.append(card.element);
      this.#observer.observe(card.element);
    }
    this.#callbacks.changed(streams);
  }

  /** Reads the pictures that are to be seen, one after the other. */
  async #readPictures() {
    for (const card of [...this.#cards.values()].filter(({ isVisible }) => isVisible)) {
      if (document.hidden) return;
      const { name } = card.stream;
      const picture = card.hasPicture
        ? await this.#callbacks
            .streams()
            .snapshot(name, { size: PICTURE_SIZE })
            .catch(() => null)
        : null;
      if (this.#cards.get(name) === card) card.showPicture(picture);
    }
  }

  /** Waits, unless `refresh` is called. */
  async #pause() {
    /** @type {Promise<void>} */
    const resumed = new Promise((resolve) => {
      this.#resume = resolve;
    });
    await Promise.race([sleep(INTERVAL), resumed]);
    this.#resume = () => {};
  }
}
