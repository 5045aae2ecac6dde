/** The state of the connection, and the figures that matter while watching. */

/** @import { Counts, Snapshot } from '../client/types.js' */

import { find, setText } from './elements.js';
import * as format from './format.js';

const STATES = {
  idle: 'Ready',
  connecting: 'Connecting…',
  live: 'Live',
  interrupted: 'Reconnecting…',
  ended: 'Stopped',
  offline: 'Server offline',
  locked: 'Token needed',
};

export class Status {
  #root;

  /** @param {HTMLElement} root Contains the elements with `data-stat`. */
  constructor(root) {
    this.#root = root;
    this.clear();
  }

  /** Shows a state. */
  set state(/** @type {keyof typeof STATES} */ state) {
    this.#show('state', STATES[state], state);
    this.#root.dataset.state = state;
  }

  clear() {
    for (const name of ['fps', 'latency', 'processed', 'skipped', 'failed']) this.#show(name, format.UNKNOWN, '');
    this.#showReasons('skipped', {});
    this.#showReasons('failed', {});
  }

  /**
   * @param {Snapshot} snapshot
   * @param {number|null} shown Pictures shown a second, where a video shows them.
   */
  update({ server, output, latency }, shown) {
    const fps = shown ?? output?.fps ?? server?.rates?.processed_fps;
    this.#show('fps', format.rate(fps), fps);
    if (latency) this.#show('latency', format.milliseconds(latency.total), latency.total);
    if (!server?.frames) return;
    const { processed, skipped = {}, failed = {} } = server.frames;
    this.#show('processed', format.count(processed), processed);
    this.#show('skipped', format.count(sum(skipped)), sum(skipped));
    this.#show('failed', format.count(sum(failed)), sum(failed));
    this.#showReasons('skipped', skipped);
    this.#showReasons('failed', failed);
  }

  /**
   * @param {string} name
   * @param {string} text
   * @param {string|number|null|undefined} value The exact value, for programs.
   */
  #show(name, text, value) {
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (
      this.#root.querySelectorAll(`[data-stat="${name}"]`)
    )) {
      setText(element, text);
      element.dataset.value = String(value ?? '');
    }
  }

  /** @param {string} name @param {Counts} counts */
  #showReasons(name, counts) {
    const text = format.reasons(counts);
    const element = find(this.#root, `[data-part="${name}"]`, HTMLElement);
    setText(element, text);
    const tile = element.closest('.tile');
    tile?.setAttribute('title', text);
    tile?.toggleAttribute('data-nonzero', text !== '');
  }
}

/** @param {Counts} counts */
const sum = (counts) => Object.values(counts).reduce((total, times) => total + times, 0);

/** Counts the pictures that a video element really shows. */
export class ShownRate {
  #video;
  /** @type {number|null} */
  #presented = null;
  /** @type {{now: number, presented: number, source: MediaProvider|null}|null} */
  #previous = null;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#video = video;
    if (typeof video.requestVideoFrameCallback !== 'function') return;
    /** @type {VideoFrameRequestCallback} */
    const count = (_, { presentedFrames }) => {
      this.#presented = presentedFrames;
      video.requestVideoFrameCallback(count);
    };
    video.requestVideoFrameCallback(count);
  }

  /** Pictures a second since the previous call; null when it is not known, as in a hidden tab. */
  read(now = performance.now()) {
    const previous = this.#previous;
    const { currentTime, srcObject: source } = this.#video;
    const presented = document.hidden ? null : this.#presented;
    this.#previous = presented === null ? null : { now, presented, source };
    if (!previous || presented === null || previous.source !== source || !currentTime) return null;
    const pictures = presented - previous.presented;
    return pictures >= 0 ? (1000 * pictures) / (now - previous.now) : null;
  }
}
