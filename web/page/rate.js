/** The rate of a handler that makes its own video: the handler's own, until a person wants another. */

const [LEAST, MOST] = [1, 120];
/** The server's choice for a handler that has none. */
const USUAL = 30;

export class Rate {
  #field;
  #usual = USUAL;
  #wanted = new Map(); // handler -> frames a second
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
      if (Number.isFinite(typed)) this.#wanted.set(this.#handler, Math.min(MOST, Math.max(LEAST, typed)));
      else this.#wanted.delete(this.#handler);
      field.value = this.value;
      if (this.value !== before) changed();
    });
  }

  /** Frames a second. */
  get value() {
    return this.#wanted.get(this.#handler) ?? this.#usual;
  }

  /** @param {{name: string, fps: number|null}} handler */
  show({ name, fps }) {
    this.#handler = name;
    this.#usual = fps ?? USUAL;
    this.#field.value = this.value;
  }
}
