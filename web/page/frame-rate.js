/** The frame rate of a handler that makes its own video: the handler's own until a person sets another. */

const [MIN, MAX] = [1, 120];
/** The server's default for a handler without a rate of its own. */
const DEFAULT = 30;

export class FrameRate {
  #field;
  #own = DEFAULT;
  /** Rates that a person set, by handler. @type {Map<string, number>} */
  #set = new Map();
  #handler = '';

  /**
   * @param {HTMLInputElement} field
   * @param {() => void} changed
   */
  constructor(field, changed) {
    this.#field = field;
    field.addEventListener('change', () => {
      const before = this.value;
      const typed = field.valueAsNumber;
      if (Number.isFinite(typed)) this.#set.set(this.#handler, Math.min(MAX, Math.max(MIN, typed)));
      else this.#set.delete(this.#handler);
      field.value = String(this.value);
      if (this.value !== before) changed();
    });
  }

  /** Frames a second. */
  get value() {
    return this.#set.get(this.#handler) ?? this.#own;
  }

  /** @param {{name: string, fps: number|null}} handler */
  show({ name, fps }) {
    this.#handler = name;
    this.#own = fps ?? DEFAULT;
    this.#field.value = String(this.value);
  }
}
