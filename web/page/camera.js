/** The camera: which one, at which size, and its life from the first picture to the last. */

import { FrameboxError, openCamera } from '../framebox.js';
import { h } from './elements.js';

const REMEMBERED = 'framebox.camera';

export class Camera {
  #choice;
  #resolution;
  #stream = null;
  #wanted = '';
  #queue = Promise.resolve();
  #closings = 0;

  /**
   * @param {HTMLSelectElement} choice
   * @param {HTMLSelectElement} resolution
   * @param {{changed: () => void, lost: () => void}} listener Another was chosen; it went away.
   */
  constructor(choice, resolution, listener) {
    this.#choice = choice;
    this.#resolution = resolution;
    this.listener = listener;
    choice.addEventListener('change', () => {
      remember(choice.value);
      listener.changed();
    });
    resolution.addEventListener('change', () => listener.changed());
    navigator.mediaDevices?.addEventListener?.('devicechange', () => this.list());
    this.list(recall());
  }

  get stream() {
    return this.#stream;
  }

  /** Fills the choice with what there is. Names are known only once access was granted. */
  async list(wanted = this.#choice.value) {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
    const cameras = devices.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId);
    const options = cameras.map(({ deviceId, label }, index) =>
      h('option', { value: deviceId }, label || `Camera ${index + 1}`),
    );
    this.#choice.replaceChildren(h('option', { value: '' }, 'Default camera'), ...options);
    this.#choice.value = cameras.some(({ deviceId }) => deviceId === wanted) ? wanted : '';
  }

  /**
   * Opens the chosen camera, or keeps it when it is open as wanted.
   * @param {{size: {width: number, height: number}|null, fps: number|null}} handler Says what suits it.
   * @returns {Promise<MediaStream>} Rejects with the code `stopped` when `close` was called meanwhile.
   */
  open(handler) {
    // One after the other: a second call finds what the first one opened.
    this.#queue = this.#queue.catch(() => {}).then(() => this.#open(handler));
    return this.#queue;
  }

  async #open(handler) {
    const constraints = this.#constraints(handler);
    const wanted = JSON.stringify(constraints);
    if (this.#wanted === wanted && this.#stream?.getVideoTracks()[0]?.readyState === 'live') return this.#stream;
    // Many cameras can be open only once: the old one goes first.
    this.close();
    const closings = this.#closings;
    const stream = await openCamera(constraints).catch((problem) => {
      if (problem.code !== 'camera-unsuited' || !constraints.deviceId) throw problem;
      // The remembered camera is not there any more.
      return openCamera({ ...constraints, deviceId: undefined });
    });
    if (closings !== this.#closings) {
      stop(stream);
      throw new FrameboxError('stopped', 'The camera was closed.');
    }
    this.#wanted = wanted;
    this.#stream = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener('ended', () => {
      if (this.#stream === stream) this.listener.lost();
    });
    const { deviceId } = track.getSettings();
    this.list(this.#choice.value && deviceId);
    return stream;
  }

  close() {
    this.#closings += 1;
    stop(this.#stream);
    this.#stream = null;
  }

  #constraints({ size, fps }) {
    const [width, height] = this.#resolution.value.split('x').map(Number);
    const wanted = width ? { width, height } : (size ?? { width: 1280, height: 720 });
    const constraints = {
      width: { ideal: wanted.width },
      height: { ideal: wanted.height },
      frameRate: { ideal: fps ?? 30 },
    };
    if (this.#choice.value) constraints.deviceId = { exact: this.#choice.value };
    return constraints;
  }
}

function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

// Storage may be denied; the choice is then made anew each time.
function remember(camera) {
  try {
    localStorage.setItem(REMEMBERED, camera);
  } catch {}
}

function recall() {
  try {
    return localStorage.getItem(REMEMBERED) ?? '';
  } catch {
    return '';
  }
}
