/** A video in its frame: its proportions, its size in words, fullscreen. */

import { setText } from './elements.js';

export class Screen {
  #video;
  #figure;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#video = video;
    this.#figure = video.closest('figure');
    for (const type of ['loadedmetadata', 'resize']) video.addEventListener(type, () => this.#measure());
    const fullscreen = () => this.#fullscreen();
    video.addEventListener('dblclick', fullscreen);
    this.#figure.querySelector('.fullscreen').addEventListener('click', fullscreen);
  }

  /** @param {MediaStream|null} stream */
  show(stream) {
    if (this.#video.srcObject === stream) return;
    this.#video.srcObject = stream;
    this.#figure.toggleAttribute('data-on', false);
    setText(this.#figure.querySelector('.picture-size'), '');
    // Muted video may play without asking; when even that is refused, a tap on it plays.
    if (stream) this.#video.play().catch(() => {});
  }

  #measure() {
    const { videoWidth, videoHeight } = this.#video;
    // A received track has a picture of 2×2 until its first frame.
    if (videoWidth < 4 || !this.#video.srcObject) return;
    this.#figure.toggleAttribute('data-on', true);
    this.#figure.parentElement.style.setProperty('--aspect', `${videoWidth} / ${videoHeight}`);
    setText(this.#figure.querySelector('.picture-size'), `${videoWidth} × ${videoHeight}`);
  }

  async #fullscreen() {
    const screen = this.#figure;
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (screen.requestFullscreen) await screen.requestFullscreen().catch(() => {});
    else this.#video.webkitEnterFullscreen?.();
  }
}
