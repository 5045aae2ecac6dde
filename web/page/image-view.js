/** An image from a handler. Only its bytes are used, in formats that cannot contain scripts. */

import { h, setText } from './elements.js';
import { UNKNOWN } from './format.js';

const TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];
/** Largest image, characters of base64. */
const MAX_DATA = 8_000_000;

export class ImageView {
  #image;
  #note = h('p', { class: 'quiet' }, UNKNOWN);
  /** @type {string|null} */
  #url = null;

  /** @param {string} label */
  constructor(label) {
    this.#image = h('img', { alt: label, decoding: 'sync', hidden: true });
    this.element = h('div', { class: 'output-image' }, this.#image, this.#note);
    this.#image.addEventListener('load', () => this.#show(''));
    this.#image.addEventListener('error', () => this.#show('The image cannot be decoded.'));
  }

  /** @param {unknown} value `{media_type, data}`, with the bytes as base64. */
  draw(value) {
    const { media_type: mediaType, data } = /** @type {{media_type?: unknown, data?: unknown}} */ (value ?? {});
    if (!mediaType) {
      this.#fail('This value is not an image.');
      return;
    }
    const type = String(mediaType).toLowerCase();
    const bytes = decode(data);
    if (!bytes) {
      this.#fail('The image’s data is damaged or too large.');
    } else if (!TYPES.includes(type)) {
      this.#fail(`Images of type ${type.slice(0, 60)} are not shown.`);
    } else {
      const previous = this.#url;
      this.#url = URL.createObjectURL(new Blob([bytes], { type }));
      this.#image.src = this.#url;
      if (previous) URL.revokeObjectURL(previous);
    }
  }

  /** Releases the image. */
  dispose() {
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = null;
    this.#image.removeAttribute('src');
    this.#image.hidden = true;
  }

  /** @param {string} problem */
  #fail(problem) {
    this.dispose();
    this.#show(problem);
  }

  /** @param {string} problem Empty: the image is shown. */
  #show(problem) {
    this.#image.hidden = Boolean(problem);
    this.#note.hidden = !problem;
    setText(this.#note, problem);
  }
}

/** Decodes base64; null where it is invalid or too long. @param {unknown} data */
function decode(data) {
  if (typeof data !== 'string' || !data || data.length > MAX_DATA) return null;
  try {
    return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
