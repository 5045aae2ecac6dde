/** A gauge: a value between a lowest and a highest one. */

import { h, setText } from './elements.js';
import { significant, UNKNOWN } from './format.js';
import { plain } from './value.js';

/** Longest text of a value, characters. */
const MAX_TEXT = 40;

export class Gauge {
  #low = 0;
  #high;
  #value = h('output', { class: 'output-number' }, UNKNOWN);
  #bar;
  #ends = [h('span'), h('span')];

  /**
   * Outputs are described without a range: that of a percentage is known, any other grows with the values.
   * @param {{unit?: string|null, label: string}} output
   */
  constructor({ unit, label }) {
    this.#high = unit === '%' ? 100 : 1;
    this.#bar = h('div', { class: 'gauge', role: 'meter', 'aria-label': label });
    this.element = h(
      'div',
      {},
      h('p', {}, this.#value, unit ? h('small', {}, ` ${unit}`) : null),
      this.#bar,
      h('p', { class: 'gauge-scale' }, ...this.#ends),
    );
  }

  /** @param {unknown} value A number, or `{value, min?, max?}`. */
  draw(value) {
    const { value: number, min, max } = withRange(value);
    setText(this.#value, plain(number, MAX_TEXT));
    const known = isNumber(number);
    this.#bar.toggleAttribute('data-unknown', !known);
    if (!known) {
      this.#bar.setAttribute('aria-valuetext', 'not known');
      return;
    }
    if (isNumber(min)) this.#low = min;
    if (isNumber(max)) this.#high = max;
    if (number > this.#high) this.#high = ceiling(number);
    if (number < this.#low) this.#low = -ceiling(-number);
    const [low, high] = [this.#low, this.#high];
    setText(this.#ends[0], significant(low, 3));
    setText(this.#ends[1], significant(high, 3));
    // Halves, since the distance between very large numbers may be infinite.
    const part = high > low ? (number / 2 - low / 2) / (high / 2 - low / 2) : 0;
    this.#bar.style.setProperty('--part', String(Math.min(1, Math.max(0, part))));
    this.#bar.removeAttribute('aria-valuetext');
    this.#bar.ariaValueNow = String(number);
    this.#bar.ariaValueMin = String(low);
    this.#bar.ariaValueMax = String(high);
  }
}

/** @param {unknown} value @returns {{value: unknown, min?: unknown, max?: unknown}} */
function withRange(value) {
  if (value === null || typeof value !== 'object') return { value };
  return /** @type {{value: unknown}} */ (value);
}

/** @param {unknown} value @returns {value is number} */
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

/**
 * The next 1, 2 or 5 times a power of ten; of a negative number, the one nearer to zero.
 * @param {number} value
 * @returns {number}
 */
function ceiling(value) {
  if (value < 0) return -floor(-value);
  const power = 10 ** Math.floor(Math.log10(value));
  const rounds = [1, 2, 5, 10].map((factor) => factor * power);
  return rounds.find((round) => round >= value && round < Infinity) ?? value;
}

/** @param {number} value @returns {number} */
function floor(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [5, 2, 1].map((factor) => factor * power).find((round) => round <= value) ?? value;
}
