/** A picture that a handler put out. Only its bytes are taken, in formats that cannot do anything. */

import { h, setText } from './elements.js';
import { UNKNOWN } from './format.js';

const TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];
/** Characters of base64. */
const LARGEST = 8_000_000;

export class Picture {
  #image;
  #note = h('p', { class: 'quiet' }, UNKNOWN);
  #address = null;

  constructor(label) {
    this.#image = h('img', { alt: label, decoding: 'sync', hidden: true });
    this.element = h('div', { class: 'output-image' }, this.#image, this.#note);
    this.#image.addEventListener('load', () => this.#show(''));
    this.#image.addEventListener('error', () => this.#show('This is no picture.'));
  }

  /** @param {{media_type: string, data: string}|unknown} value Bytes as base64. */
  draw(value) {
    const bytes = value?.media_type && decoded(value.data);
    if (!bytes) {
      this.leave();
      this.#show(value?.media_type ? 'The picture’s data is damaged or too large.' : 'This is no picture.');
      return;
    }
    const type = String(value.media_type).toLowerCase();
    if (!TYPES.includes(type)) {
      this.leave();
      this.#show(`Pictures of type ${type.slice(0, 60)} are not shown.`);
      return;
    }
    const before = this.#address;
    this.#address = URL.createObjectURL(new Blob([bytes], { type }));
    this.#image.src = this.#address;
    if (before) URL.revokeObjectURL(before);
  }

  /** Lets go of the bytes. */
  leave() {
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = null;
    this.#image.removeAttribute('src');
    this.#image.hidden = true;
  }

  #show(problem) {
    this.#image.hidden = Boolean(problem);
    this.#note.hidden = !problem;
    setText(this.#note, problem);
  }
}

/** The bytes; null when it is no base64 or too much of it. */
function decoded(data) {
  if (typeof data !== 'string' || !data || data.length > LARGEST) return null;
  try {
    return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
