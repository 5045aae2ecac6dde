/** Additional outputs, each drawn as its kind asks for. Values may come with each frame: drawing follows the screen. */

import { h, oncePerFrame, setText } from './elements.js';
import { duration, UNKNOWN } from './format.js';
import { Gauge } from './gauge.js';
import { Picture } from './picture.js';
import { Plot } from './plot.js';
import { fillTable } from './table.js';
import { parsed, plain, pretty } from './value.js';

/** Characters of a JSON document that are shown; a longer one is cut. */
const MOST_JSON = 20_000;
/** Characters of a text. */
const MOST_TEXT = 10_000;

/** Kinds that need little room; they come first, side by side. */
const SMALL = ['number', 'gauge', 'text'];

export class Outputs {
  #root;
  #views = new Map();
  #dirty = new Set();
  #draw = oncePerFrame(() => {
    for (const view of this.#dirty) draw(view);
    this.#dirty.clear();
  });

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
  }

  /** Makes a place for each output. */
  show(outputs) {
    for (const view of this.#views.values()) view.leave?.();
    this.#views.clear();
    this.#dirty.clear();
    for (const output of outputs) this.#views.set(output.id, place(output));
    const rows = {
      small: h('div', { class: 'outputs-row outputs-small' }),
      large: h('div', { class: 'outputs-row outputs-large' }),
    };
    for (const { element } of this.#views.values())
      rows[SMALL.includes(element.dataset.kind) ? 'small' : 'large'].append(element);
    this.#root.replaceChildren(rows.small, rows.large);
    this.#root.hidden = !outputs.length;
  }

  /** Values of one frame: its number, and its time in the stream, microseconds. */
  take(values, sequence, ptsUs) {
    for (const [id, value] of Object.entries(values)) {
      const view = this.#views.get(id);
      if (!view) continue;
      view.value = value;
      view.sequence = sequence;
      view.ptsUs = ptsUs;
      view.each?.(value, ptsUs);
      view.element.removeAttribute('data-empty');
      this.#dirty.add(view);
    }
    if (this.#dirty.size) this.#draw();
  }

  /** Whether the values shown are of a session that runs. */
  set live(live) {
    this.#root.toggleAttribute('data-stale', !live);
  }
}

/** A value that one view cannot draw leaves the others alone. */
function draw(view) {
  try {
    view.draw(view.value);
  } catch (problem) {
    console.warn(`The output ${view.element.dataset.output} cannot be drawn:`, problem);
  }
  setText(view.stamp, `frame ${view.sequence} · ${duration(view.ptsUs / 1000)}`);
}

function place(output) {
  const view = (VIEWS[output.kind] ?? VIEWS.json)(output);
  const stamp = h('small', { class: 'output-stamp' });
  const title = h(
    'h3',
    {},
    h('span', {}, output.label, output.unit && output.kind === 'plot' ? h('small', {}, ` ${output.unit}`) : null),
    stamp,
  );
  const element = h(
    'section',
    { class: 'output', data: { output: output.id, kind: output.kind, empty: '' }, 'aria-label': output.label },
    title,
    view.body,
  );
  return { ...view, element, stamp };
}

const VIEWS = {
  number({ unit }) {
    const value = h('output', { class: 'output-number' }, UNKNOWN);
    const body = h('p', {}, value, unit ? h('small', {}, ` ${unit}`) : null);
    return { body, draw: (next) => setText(value, plain(next, 40)) };
  },

  gauge(output) {
    const gauge = new Gauge(output);
    return { body: gauge.element, draw: (next) => gauge.draw(next) };
  },

  text() {
    const body = h('p', { class: 'output-text', tabindex: 0 }, UNKNOWN);
    return { body, draw: (next) => setText(body, plain(next, MOST_TEXT)) };
  },

  json() {
    const body = h('pre', { class: 'output-json', tabindex: 0 }, UNKNOWN);
    return { body, draw: (next) => setText(body, pretty(parsed(next), MOST_JSON)) };
  },

  image({ label }) {
    const picture = new Picture(label);
    return { body: picture.element, draw: (next) => picture.draw(next), leave: () => picture.leave() };
  },

  table() {
    const table = h('table');
    return {
      body: h('div', { class: 'output-table', tabindex: 0 }, table),
      draw: (next) => fillTable(table, parsed(next)),
    };
  },

  plot({ label }) {
    const plot = new Plot(label);
    return {
      body: plot.element,
      each: (next, ptsUs) => plot.add(parsed(next), ptsUs),
      draw: () => plot.draw(),
      leave: () => plot.leave(),
    };
  },
};
