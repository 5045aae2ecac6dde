/** The camera: which one, at which resolution, opened and closed. */

import { FrameboxError, openCamera } from '../framebox.js';
import { stopTracks } from '../client/camera.js';
import { toFrameboxError } from '../client/errors.js';
import { h } from './elements.js';

/** Where the browser stores the choice. */
const STORAGE_KEY = 'framebox.camera';

/** @typedef {{size: {width: number, height: number}|null, fps: number|null}} Wish What a handler wants. */

export class Camera {
  #choice;
  #resolution;
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
   * @param {HTMLSelectElement} resolution
   * @param {{changed: () => void, lost: () => void}} callbacks `changed`: a person chose another camera or resolution;
   *   `lost`: the camera was disconnected.
   */
  constructor(choice, resolution, callbacks) {
    this.#choice = choice;
    this.#resolution = resolution;
    this.#callbacks = callbacks;
    choice.addEventListener('change', () => {
      store(choice.value);
      callbacks.changed();
    });
    resolution.addEventListener('change', () => callbacks.changed());
    navigator.mediaDevices?.addEventListener?.('devicechange', () => this.list());
    this.list(stored());
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
   * @param {Wish} handler
   * @returns {Promise<MediaStream>} Rejects with the code `stopped` when `close` is called meanwhile.
   */
  open(handler) {
    // One after the other: a second call finds what the first one opened.
    const opened = this.#queue.catch(() => {}).then(() => this.#open(handler));
    this.#queue = opened;
    return opened;
  }

  /** @param {Wish} handler */
  async #open(handler) {
    const constraints = this.#constraints(handler);
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

  /** @param {Wish} handler @returns {MediaTrackConstraints} */
  #constraints({ size, fps }) {
    const [width, height] = this.#resolution.value.split('x').map(Number);
    const wanted = width ? { width, height } : (size ?? { width: 1280, height: 720 });
    return {
      width: { ideal: wanted.width },
      height: { ideal: wanted.height },
      frameRate: { ideal: fps ?? 30 },
      ...(this.#choice.value ? { deviceId: { exact: this.#choice.value } } : {}),
    };
  }
}

/** @param {string} camera */
function store(camera) {
  try {
    localStorage.setItem(STORAGE_KEY, camera);
  } catch {
    // The browser denies storage: the choice lasts until the page is closed.
  }
}

function stored() {
  try {
    return localStorage.getItem(STORAGE_KEY) ?? '';
  } catch {
    return '';
  }
}
