/** The camera: which one, opened and closed. */

import { FrameboxError, openCamera } from '../framebox.js';
import { stopTracks } from '../client/camera.js';
import { toFrameboxError } from '../client/errors.js';
import { h } from './elements.js';
import { store, stored } from './storage.js';

/** Where the browser stores the choice. */
const STORAGE_KEY = 'framebox.camera';

/** @typedef {{width: number, height: number, fps: number}} Wish What is wanted of it, at best. */

export class Camera {
  #choice;
  #callbacks;
  /** @type {MediaStream|null} */
  #stream = null;
  /** The constraints of `#stream`, as JSON. */
  #opened = '';
  /** The most recent `open`. @type {Promise<unknown>} */
  #queue = Promise.resolve();
  #closings = 0;

  /**
   * @param {HTMLSelectElement} choice
   * @param {{changed: () => void, lost: () => void}} callbacks `changed`: a person chose another camera; `lost`: the
   *   camera was disconnected.
   */
  constructor(choice, callbacks) {
    this.#choice = choice;
    this.#callbacks = callbacks;
    choice.addEventListener('change', () => {
      store(STORAGE_KEY, choice.value);
      callbacks.changed();
    });
    navigator.mediaDevices?.addEventListener?.('devicechange', () => this.list());
    this.list(stored(STORAGE_KEY));
  }

  /**
   * Lists the cameras. Browsers name them only once access was granted.
   * @param {string} [selected]
   */
  async list(selected = this.#choice.value) {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
    const cameras = devices.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId);
    const options = cameras.map(({ deviceId, label }, index) =>
      h('option', { value: deviceId }, label || `Camera ${index + 1}`),
    );
    this.#choice.replaceChildren(h('option', { value: '' }, 'Default camera'), ...options);
    this.#choice.value = cameras.some(({ deviceId }) => deviceId === selected) ? selected : '';
  }

  /**
   * Opens the chosen camera, or keeps it when it is already open with these settings.
   * @param {Wish} wish
   * @returns {Promise<MediaStream>} Rejects with the code `stopped` when `close` is called meanwhile.
   */
  open(wish) {
    // One after the other: a second call finds what the first one opened.
    const opened = this.#queue.catch(() => {}).then(() => this.#open(wish));
    this.#queue = opened;
    return opened;
  }

  /** @param {Wish} wish */
  async #open(wish) {
    const constraints = this.#constraints(wish);
    const key = JSON.stringify(constraints);
    if (this.#opened === key && this.#stream?.getVideoTracks()[0]?.readyState === 'live') return this.#stream;
    // Many cameras can be opened only once, so the previous one is closed first.
    this.close();
    const closings = this.#closings;
    const stream = await openCamera(constraints).catch((error) => {
      if (toFrameboxError(error).code !== 'camera-unsuited' || !constraints.deviceId) throw error;
      // The stored camera is not there any more.
      return openCamera({ ...constraints, deviceId: undefined });
    });
    if (closings !== this.#closings) {
      stopTracks(stream);
      throw new FrameboxError('stopped', 'The camera was closed.');
    }
    this.#opened = key;
    this.#stream = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener('ended', () => {
      if (this.#stream === stream) this.#callbacks.lost();
    });
    const { deviceId } = track.getSettings();
    this.list(this.#choice.value && deviceId);
    return stream;
  }

  close() {
    this.#closings += 1;
    stopTracks(this.#stream);
    this.#stream = null;
  }

  /** @param {Wish} wish @returns {MediaTrackConstraints} */
  #constraints({ width, height, fps }) {
    return {
      width: { ideal: width },
      height: { ideal: height },
      frameRate: { ideal: fps },
      ...(this.#choice.value ? { deviceId: { exact: this.#choice.value } } : {}),
    };
  }
}
