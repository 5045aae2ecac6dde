/** Where the video comes from: the camera, the screen, a file of the person's, or a stream that is watched. */

import { FrameboxError } from '../framebox.js';
import { stopTracks } from '../client/camera.js';
import { Camera } from './camera.js';
import { find, h, setText } from './elements.js';
import { openScreen, screenConstraints } from './screen.js';
import { store, stored } from './storage.js';
import { VideoFile } from './video-file.js';

/** Where the browser stores the choice, and the name of the file. */
const KIND_KEY = 'framebox.input';
const FILE_KEY = 'framebox.input.file';

/** @typedef {'camera'|'screen'|'file'|'stream'} InputKind */
/** @typedef {{size: {width: number, height: number}|null, fps: number|null}} Wish What a handler wants. */

/** @typedef {{width: number, height: number, fps: number}} Size */
/**
 * What is open. `key`: the size at which a file is played.
 * @typedef {{stream: MediaStream, release: () => void, isScreen?: boolean, file?: File, key?: string}} Opened
 */

/**
 * `chosen`: a person chose another kind; `changed`: another camera, file or resolution of the kind that is in use;
 * `lost`: what is in use ended by itself.
 * @typedef {{chosen: () => void, changed: () => void, lost: (error: FrameboxError) => void}} Callbacks
 */

export class Input {
  #callbacks;
  #radios;
  #camera;
  #resolution;
  #file;
  #fileName;
  #stream;
  /** The kind that is open; null: none. @type {InputKind|null} */
  #open = null;
  /** @type {Opened|null} */
  #held = null;
  #closings = 0;

  /**
   * @param {HTMLElement} root
   * @param {Callbacks} callbacks
   */
  constructor(root, callbacks) {
    this.#callbacks = callbacks;
    this.#radios = [...root.querySelectorAll('input')].filter(({ name }) => name === 'input');
    this.#resolution = find(root, '#resolution', HTMLSelectElement);
    this.#file = find(root, '#file', HTMLInputElement);
    this.#fileName = find(root, '#file-name', HTMLElement);
    this.#stream = find(root, '#stream', HTMLSelectElement);
    this.#camera = new Camera(find(root, '#camera', HTMLSelectElement), {
      changed: () => this.#changed('camera'),
      lost: () => callbacks.lost(new FrameboxError('camera-lost', 'The camera was disconnected.')),
    });
    for (const radio of this.#radios) radio.addEventListener('change', () => this.#choose());
    find(root, '#file-open', HTMLButtonElement).addEventListener('click', () => this.chooseFile());
    this.#file.addEventListener('change', () => this.#fileChosen());
    this.#resolution.addEventListener('change', () => this.#changed('camera', 'screen', 'file'));
    this.#stream.addEventListener('change', () => callbacks.chosen());
    const name = stored(FILE_KEY);
    if (name) this.#showFile(`${name}: choose it again`);
    this.kind = /** @type {InputKind} */ (stored(KIND_KEY));
    this.streams = [];
  }

  /** The kind that is chosen. @returns {InputKind} */
  get kind() {
    return /** @type {InputKind} */ (this.#radios.find(({ checked }) => checked)?.value ?? 'camera');
  }

  set kind(kind) {
    const known = this.#radios.some(({ value }) => value === kind) ? kind : 'camera';
    for (const radio of this.#radios) radio.checked = radio.value === known;
    document.body.dataset.input = known;
  }

  /** The kind that is open; null: none. */
  get opened() {
    return this.#open;
  }

  /** Name of the stream that is chosen; empty: there is none. */
  get stream() {
    return this.#stream.value;
  }

  /** The streams to choose from. @param {{name: string, label: string}[]} streams */
  set streams(streams) {
    const before = this.#stream.value;
    const options = streams.map(({ name, label }) => h('option', { value: name }, label));
    if (!options.length) options.push(h('option', { value: '' }, 'No stream is live'));
    this.#stream.replaceChildren(...options);
    if (streams.some(({ name }) => name === before)) this.#stream.value = before;
    this.#stream.disabled = !streams.length;
  }

  /** Lets the person choose a file. */
  chooseFile() {
    this.#file.click();
  }

  /**
   * Opens what is chosen, or keeps it when it is open already.
   * @param {Wish} handler
   * @returns {Promise<MediaStream>} Rejects with the code `stopped` when `close` is called meanwhile. What was open
   *   before is closed once this one is open.
   */
  async open(handler) {
    const { kind } = this;
    const [before, closings] = [this.#open, this.#closings];
    this.#open = kind;
    try {
      const opened = await this.#openKind(kind, this.#wish(handler));
      if (closings !== this.#closings) {
        if (opened !== this.#held) opened.release();
        throw new FrameboxError('stopped', 'The input was closed.');
      }
      this.#hold(opened);
      if (kind !== 'camera') this.#camera.close();
      return opened.stream;
    } catch (error) {
      if (closings === this.#closings) this.#open = before;
      throw error;
    }
  }

  close() {
    this.#closings += 1;
    this.#open = null;
    this.#hold(null);
    this.#camera.close();
  }

  /** Holds what is open, in place of what was. @param {Opened|null} opened */
  #hold(opened) {
    const before = this.#held;
    this.#held = opened;
    if (before !== opened) before?.release();
  }

  /** @param {InputKind} kind @param {Size} most @returns {Promise<Opened>} */
  async #openKind(kind, most) {
    if (kind === 'screen') return this.#openScreen(most);
    if (kind === 'file') return this.#openFile(most);
    return { stream: await this.#camera.open(most), release: () => {} };
  }

  /** @param {Size} most @returns {Promise<Opened>} */
  async #openScreen(most) {
    const held = this.#held;
    const [shared] = held?.isScreen ? held.stream.getVideoTracks() : [];
    if (held && shared?.readyState === 'live') {
      // The person is not asked again for what they share already.
      await shared.applyConstraints(screenConstraints(most)).catch(() => {});
      return held;
    }
    const stream = await openScreen(most);
    const opened = { stream, isScreen: true, release: () => stopTracks(stream) };
    // The browser's own button ends it.
    stream.getVideoTracks()[0].addEventListener('ended', () => {
      if (this.#held === opened)
        this.#callbacks.lost(new FrameboxError('screen-ended', 'The screen is no longer shared.'));
    });
    return opened;
  }

  /** @param {Size} most @returns {Promise<Opened>} */
  async #openFile(most) {
    const [chosen] = this.#file.files ?? [];
    if (!chosen) throw new FrameboxError('file-missing', 'No file is chosen.');
    const key = `${most.width}x${most.height}`;
    const held = this.#held;
    if (held?.file === chosen && held.key === key) return held;
    const file = new VideoFile(chosen);
    const release = () => file.close();
    const lost = () => {
      if (this.#held?.file === chosen)
        this.#callbacks.lost(new FrameboxError('file-unplayable', 'The file cannot be played on.'));
    };
    try {
      return { stream: await file.open(most, lost), release, file: chosen, key };
    } catch (error) {
      release();
      throw error;
    }
  }

  #choose() {
    const { kind } = this;
    document.body.dataset.input = kind;
    store(KIND_KEY, kind);
    this.#callbacks.chosen();
  }

  #fileChosen() {
    const [file] = this.#file.files ?? [];
    if (!file) return;
    store(FILE_KEY, file.name);
    this.#showFile(file.name);
    this.#changed('file');
  }

  /** @param {string} text */
  #showFile(text) {
    setText(this.#fileName, text);
    this.#fileName.title = text;
  }

  /** @param {...InputKind} kinds Those that the change is of. */
  #changed(...kinds) {
    if (this.#open && kinds.includes(this.#open) && this.kind === this.#open) this.#callbacks.changed();
    else this.#callbacks.chosen();
  }

  /** @param {Wish} handler */
  #wish({ size, fps }) {
    const [width, height] = this.#resolution.value.split('x').map(Number);
    return { ...(width ? { width, height } : (size ?? { width: 1280, height: 720 })), fps: fps ?? 30 };
  }
}
