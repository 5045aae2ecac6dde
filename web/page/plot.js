/** A live chart of the last seconds: one line for a number, several for a list or an object of numbers. */

import { find, h, setText } from './elements.js';
import { significant, UNKNOWN } from './format.js';

/** Time span of the chart, s. */
const SPAN = 15;
/** Points kept; at 60 values a second the span has fewer. */
const MAX_POINTS = 1200;
const MAX_LINES = 8;
/** Longest name of a line, characters. */
const MAX_NAME = 40;
/** Larger values are drawn as that large: beyond it a float has no precision left to show. */
const LARGEST = 1e15;
/** Steps of the scale. */
const MAX_STEPS = 6;
const HEIGHT = 140;
const EDGE = { left: 44, right: 8, top: 8, bottom: 18 };

export class Plot {
  #canvas;
  #legend;
  /** @type {{time: number, values: number[]}[]} */
  #points = [];
  /** @type {string[]} */
  #names = [];
  #size = new ResizeObserver(() => this.draw());
  #scheme = matchMedia('(prefers-color-scheme: dark)');
  #redraw = () => this.draw();

  /** @param {string} label */
  constructor(label) {
    this.#canvas = h('canvas', { role: 'img', 'aria-label': `${label}, over time` });
    this.#legend = h('ul', { class: 'legend' });
    this.element = h('div', { class: 'plot' }, this.#canvas, this.#legend);
    this.#size.observe(this.element);
    this.#scheme.addEventListener('change', this.#redraw);
  }

  /** Stops observing the page. */
  dispose() {
    this.#size.disconnect();
    this.#scheme.removeEventListener('change', this.#redraw);
  }

  /** @param {unknown} value @param {number} ptsUs Its time in the stream, µs. */
  add(value, ptsUs) {
    const time = ptsUs / 1e6;
    if (!Number.isFinite(time)) return;
    const { names, values } = linesOf(value);
    const last = this.#points.at(-1);
    // Another stream starts at zero again.
    if (last && time < last.time) this.#points = [];
    this.#names = names;
    this.#points.push({ time, values });
    const old = this.#points.findIndex((point) => point.time >= time - SPAN);
    this.#points.splice(0, Math.max(old - 1, this.#points.length - MAX_POINTS, 0));
  }

  draw() {
    const width = this.element.clientWidth;
    if (!width) return;
    const scale = devicePixelRatio || 1;
    const canvas = this.#canvas;
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(HEIGHT * scale)) canvas.height = Math.round(HEIGHT * scale);
    const context = canvas.getContext('2d');
    if (!context) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);

    const style = getComputedStyle(this.element);
    /** @param {string} name */
    const colour = (name) => style.getPropertyValue(name).trim();
    const { low, high, step } = this.#range();
    const now = this.#points.at(-1)?.time ?? 0;
    /** @param {number} time */
    const x = (time) => EDGE.left + (1 - (now - time) / SPAN) * (width - EDGE.left - EDGE.right);
    /** @param {number} value */
    const y = (value) => EDGE.top + (1 - (value - low) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);

    context.font = `11px ${style.fontFamily}`;
    context.lineWidth = 1;
    context.fillStyle = colour('--muted');
    context.strokeStyle = colour('--line');
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    for (let line = 0; line <= MAX_STEPS; line += 1) {
      const value = low + line * step;
      if (value > high + step / 1e6) break;
      const at = Math.round(y(value)) + 0.5;
      context.beginPath();
      context.moveTo(EDGE.left, at);
      context.lineTo(width - EDGE.right, at);
      context.stroke();
      context.fillText(significant(Math.abs(value) < step / 1e6 ? 0 : value, 4), EDGE.left - 6, at);
    }
    context.textBaseline = 'alphabetic';
    for (const ago of [SPAN, (SPAN * 2) / 3, SPAN / 3, 0]) {
      context.textAlign = ago === 0 ? 'right' : ago === SPAN ? 'left' : 'center';
      context.fillText(ago ? `−${ago} s` : 'now', x(now - ago), HEIGHT - 4);
    }

    context.save();
    context.beginPath();
    context.rect(EDGE.left, 0, width - EDGE.left - EDGE.right + 1, HEIGHT);
    context.clip();
    context.lineWidth = 1.75;
    context.lineJoin = 'round';
    this.#names.forEach((_, line) => {
      context.strokeStyle = colour(`--series-${line + 1}`);
      context.beginPath();
      let drawing = false;
      for (const { time, values } of this.#points) {
        const value = values[line];
        if (!Number.isFinite(value)) {
          drawing = false;
          continue;
        }
        if (drawing) context.lineTo(x(time), y(value));
        else context.moveTo(x(time), y(value));
        drawing = true;
      }
      context.stroke();
    });
    context.restore();
    this.#drawLegend();
  }

  #drawLegend() {
    const names = this.#names;
    if (this.#legend.children.length !== names.length) {
      this.#legend.replaceChildren(
        ...names.map((_, line) => h('li', { data: { line: line + 1 } }, h('span'), ' ', h('b'))),
      );
    }
    const last = this.#points.at(-1)?.values ?? [];
    names.forEach((name, line) => {
      const item = this.#legend.children[line];
      setText(find(item, 'span', HTMLElement), names.length > 1 ? name : '');
      setText(find(item, 'b', HTMLElement), Number.isFinite(last[line]) ? significant(last[line], 4) : UNKNOWN);
    });
  }

  /** Bounds of the scale: round numbers around everything shown, with about three lines between. */
  #range() {
    const all = this.#points.flatMap(({ values }) => values).filter(Number.isFinite);
    let low = all.reduce((least, value) => Math.min(least, value), all[0] ?? 0);
    let high = all.reduce((most, value) => Math.max(most, value), all[0] ?? 1);
    if (low > 0 && low < high / 2) low = 0;
    // Steps of a range that is tiny compared to its numbers would be lost in rounding.
    const size = Math.max(Math.abs(low), Math.abs(high)) || 1;
    if (high - low < size * 1e-6) [low, high] = [low - size / 2, high + size / 2];
    const rough = (high - low) / 3;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= rough) ?? rough;
    return { low: Math.floor(low / step) * step, high: Math.ceil(high / step) * step, step };
  }
}

/**
 * The names and values of a point's lines; a value that is no number is NaN and leaves a gap.
 * @param {unknown} value
 * @returns {{names: string[], values: number[]}}
 */
function linesOf(value) {
  /** @type {[string, unknown][]} */
  const lines =
    value !== null && typeof value === 'object'
      ? Array.isArray(value)
        ? value.slice(0, MAX_LINES).map((each, index) => [String(index + 1), each])
        : Object.entries(value).slice(0, MAX_LINES)
      : [['1', value]];
  return {
    names: lines.map(([name]) => name.slice(0, MAX_NAME)),
    values: lines.map(([, each]) => (typeof each === 'number' ? Math.min(LARGEST, Math.max(-LARGEST, each)) : NaN)),
  };
}
