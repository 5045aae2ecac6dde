/** How it goes: the state of the connection and the figures that matter while watching. */

import { setText } from './elements.js';
import * as format from './format.js';

const STATES = {
  idle: 'Ready',
  connecting: 'Connecting…',
  live: 'Live',
  interrupted: 'Interrupted',
  ended: 'Stopped',
  offline: 'Server offline',
};

export class Status {
  #root;

  /** @param {HTMLElement} root Holds the elements with `data-stat`. */
  constructor(root) {
    this.#root = root;
    this.clear();
  }

  /** @param {'idle'|'connecting'|'live'|'interrupted'|'ended'|'offline'} state */
  set state(state) {
    this.#show('state', STATES[state] ?? state, state);
    this.#root.dataset.state = state;
  }

  clear() {
    for (const name of ['fps', 'latency', 'processed', 'skipped', 'failed']) this.#show(name, format.UNKNOWN, '');
    this.#reasons('skipped', {});
    this.#reasons('failed', {});
  }

  /**
   * @param {import('../client/types.js').Snapshot} snapshot
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
    this.#reasons('skipped', skipped);
    this.#reasons('failed', failed);
  }

  #show(name, text, value) {
    for (const element of this.#root.querySelectorAll(`[data-stat="${name}"]`)) {
      setText(element, text);
      element.dataset.value = value ?? '';
    }
  }

  #reasons(name, reasons) {
    const text = format.reasons(reasons);
    const element = this.#root.querySelector(`[data-part="${name}"]`);
    setText(element, text);
    element.closest('.tile').title = text;
    element.closest('.tile').toggleAttribute('data-some', text !== '');
  }
}

const sum = (reasons) => Object.values(reasons).reduce((total, times) => total + times, 0);

/** Counts the pictures that a video element really shows. */
export class ShownRate {
  #video;
  #presented = null;
  #before = null;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#video = video;
    if (!video.requestVideoFrameCallback) return;
    const count = (_, { presentedFrames }) => {
      this.#presented = presentedFrames;
      video.requestVideoFrameCallback(count);
    };
    video.requestVideoFrameCallback(count);
  }

  /** Pictures a second since the last call; null when it cannot be told, as in a hidden tab. */
  read(now = performance.now()) {
    const before = this.#before;
    const { currentTime } = this.#video;
    this.#before =
      document.hidden || this.#presented === null
        ? null
        : { now, presented: this.#presented, source: this.#video.srcObject };
    if (!before || !this.#before || before.source !== this.#video.srcObject || !currentTime) return null;
    const pictures = this.#presented - before.presented;
    return pictures >= 0 ? (1000 * pictures) / (now - before.now) : null;
  }
}
