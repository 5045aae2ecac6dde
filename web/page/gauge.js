/** A gauge: a value between two ends. */

import { h, setText } from './elements.js';
import { significant, UNKNOWN } from './format.js';
import { plain } from './value.js';

export class Gauge {
  #low;
  #high;
  #value = h('output', { class: 'output-number' }, UNKNOWN);
  #bar;
  #ends = [h('span'), h('span')];

  /** The description has no range: percent is known, else the scale grows with what was seen. */
  constructor({ unit, label }) {
    [this.#low, this.#high] = unit === '%' ? [0, 100] : [0, 1];
    this.#bar = h('div', { class: 'gauge', role: 'meter', 'aria-label': label });
    this.element = h(
      'div',
      {},
      h('p', {}, this.#value, unit ? h('small', {}, ` ${unit}`) : null),
      this.#bar,
      h('p', { class: 'gauge-scale' }, ...this.#ends),
    );
  }

  /** @param {number|{value: number, min?: number, max?: number}|unknown} next */
  draw(next) {
    const number = next !== null && typeof next === 'object' ? next.value : next;
    setText(this.#value, plain(number, 40));
    const known = typeof number === 'number' && Number.isFinite(number);
    this.#bar.toggleAttribute('data-unknown', !known);
    if (!known) {
      this.#bar.setAttribute('aria-valuetext', 'not known');
      return;
    }
    if (Number.isFinite(next?.min)) this.#low = next.min;
    if (Number.isFinite(next?.max)) this.#high = next.max;
    if (number > this.#high) this.#high = ceiling(number);
    if (number < this.#low) this.#low = -ceiling(-number);
    const [low, high] = [this.#low, this.#high];
    setText(this.#ends[0], significant(low, 3));
    setText(this.#ends[1], significant(high, 3));
    // Halves, since the distance of the largest numbers is no number.
    const part = high > low ? (number / 2 - low / 2) / (high / 2 - low / 2) : 0;
    this.#bar.style.setProperty('--part', Math.min(1, Math.max(0, part)));
    this.#bar.removeAttribute('aria-valuetext');
    for (const [name, now] of [
      ['valuenow', number],
      ['valuemin', low],
      ['valuemax', high],
    ])
      this.#bar.setAttribute(`aria-${name}`, now);
  }
}

/** The next 1, 2 or 5 times a power of ten; of a negative number, the one nearer to zero. */
function ceiling(value) {
  if (value < 0) return -floor(-value);
  const power = 10 ** Math.floor(Math.log10(value));
  const rounds = [1, 2, 5, 10].map((factor) => factor * power);
  return rounds.find((round) => round >= value && round < Infinity) ?? value;
}

function floor(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [5, 2, 1].map((factor) => factor * power).find((round) => round <= value) ?? value;
}
