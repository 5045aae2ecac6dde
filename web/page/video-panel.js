/** A video in its figure: its aspect ratio, its size as text, fullscreen. */

import { find, setText } from './elements.js';

/** Smallest picture that counts, pixels: before its first frame a received track is 2×2. */
const MIN_WIDTH = 4;

export class VideoPanel {
  #video;
  #figure;
  #size;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#video = video;
    const figure = video.closest('figure');
    if (!figure) throw new Error('the video has no figure');
    this.#figure = figure;
    this.#size = find(figure, '.video-size', HTMLElement);
    for (const type of ['loadedmetadata', 'resize']) video.addEventListener(type, () => this.#measure());
    const fullscreen = () => this.#fullscreen();
    video.addEventListener('dblclick', fullscreen);
    find(figure, '.fullscreen', HTMLButtonElement).addEventListener('click', fullscreen);
  }

  /** @param {MediaStream|null} stream */
  show(stream) {
    if (this.#video.srcObject === stream) return;
    this.#video.srcObject = stream;
    this.#figure.toggleAttribute('data-on', false);
    setText(this.#size, '');
    // Browsers play muted video without asking; where even that is refused, a tap on the video plays it.
    if (stream) this.#video.play().catch(() => {});
  }

  #measure() {
    const { videoWidth, videoHeight } = this.#video;
    if (videoWidth < MIN_WIDTH || !this.#video.srcObject) return;
    this.#figure.toggleAttribute('data-on', true);
    this.#figure.parentElement?.style.setProperty('--aspect', `${videoWidth} / ${videoHeight}`);
    setText(this.#size, `${videoWidth} × ${videoHeight}`);
  }

  async #fullscreen() {
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (typeof this.#figure.requestFullscreen === 'function')
      await this.#figure.requestFullscreen().catch(() => {});
    else {
      // Safari on iPhones only knows fullscreen for the video itself.
      const video = /** @type {HTMLVideoElement & {webkitEnterFullscreen?: () => void}} */ (this.#video);
      video.webkitEnterFullscreen?.();
    }
  }
}
