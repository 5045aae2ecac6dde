/** Additional outputs, each drawn by its kind. Values may come with each frame; drawing follows the screen. */

/** @import { Output, OutputKind, Values } from '../client/types.js' */

import { h, oncePerFrame, setText } from './elements.js';
import { duration, UNKNOWN } from './format.js';
import { Gauge } from './gauge.js';
import { ImageView } from './image-view.js';
import { Plot } from './plot.js';
import { fillTable } from './table.js';
import { parsed, plain, pretty } from './value.js';

/** Longest JSON document that is shown, characters; a longer one is cut. */
const MAX_JSON = 20_000;
/** Longest text, characters. */
const MAX_TEXT = 10_000;
/** Longest number, characters. */
const MAX_NUMBER = 40;

/** Kinds that need little room: they come first, side by side. */
const SMALL = ['number', 'gauge', 'text'];

/**
 * How an output is drawn. `add` takes each value with its time in the stream (µs), where that matters; `dispose`
 * releases what the view holds.
 * @typedef {{body: HTMLElement, draw: (value: unknown) => void, add?: (value: unknown, ptsUs: number) => void,
 *   dispose?: () => void}} View
 */

/**
 * An output on the page, with its most recent value.
 * @typedef {{view: View, element: HTMLElement, frame: HTMLElement, value: unknown, sequence: number,
 *   ptsUs: number}} Panel
 */

export class Outputs {
  #root;
  /** @type {Map<string, Panel>} */
  #panels = new Map();
  /** @type {Set<Panel>} */
  #changed = new Set();
  #draw = oncePerFrame(() => {
    for (const panel of this.#changed) draw(panel);
    this.#changed.clear();
  });

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
  }

  /** Makes a panel for each output. @param {Output[]} outputs */
  show(outputs) {
    for (const { view } of this.#panels.values()) view.dispose?.();
    this.#panels.clear();
    this.#changed.clear();
    const small = h('div', { class: 'outputs-row outputs-small' });
    const large = h('div', { class: 'outputs-row outputs-large' });
    for (const output of outputs) {
      const panel = makePanel(output);
      this.#panels.set(output.id, panel);
      (SMALL.includes(output.kind) ? small : large).append(panel.element);
    }
    this.#root.replaceChildren(small, large);
    this.#root.hidden = !outputs.length;
  }

  /**
   * Takes the values of one frame.
   * @param {Values} values
   * @param {number} sequence Number of the frame.
   * @param {number} ptsUs Its time in the stream, µs.
   */
  add(values, sequence, ptsUs) {
    for (const [id, value] of Object.entries(values)) {
      const panel = this.#panels.get(id);
      if (!panel) continue;
      Object.assign(panel, { value, sequence, ptsUs });
      panel.view.add?.(value, ptsUs);
      panel.element.removeAttribute('data-empty');
      this.#changed.add(panel);
    }
    if (this.#changed.size) this.#draw();
  }

  /** Whether the values are of a session that runs. */
  set live(/** @type {boolean} */ live) {
    this.#root.toggleAttribute('data-stale', !live);
  }
}

/** Draws a panel; a value that one view cannot draw must not affect the others. @param {Panel} panel */
function draw({ view, element, frame, value, sequence, ptsUs }) {
  try {
    view.draw(value);
  } catch (error) {
    console.warn(`The output ${element.dataset.output} cannot be drawn:`, error);
  }
  setText(frame, `frame ${sequence} · ${duration(ptsUs / 1000)}`);
}

/** @param {Output} output @returns {Panel} */
function makePanel(output) {
  const view = (VIEWS[output.kind] ?? VIEWS.json)(output);
  const frame = h('small', { class: 'output-frame' });
  const unit = output.unit && output.kind === 'plot' ? h('small', {}, ` ${output.unit}`) : null;
  const element = h(
    'section',
    { class: 'output', data: { output: output.id, kind: output.kind, empty: '' }, 'aria-label': output.label },
    h('h3', {}, h('span', {}, output.label, unit), frame),
    view.body,
  );
  return { view, element, frame, value: undefined, sequence: 0, ptsUs: 0 };
}

/** @type {Record<OutputKind, (output: Output) => View>} */
const VIEWS = {
  number({ unit }) {
    const number = h('output', { class: 'output-number' }, UNKNOWN);
    const body = h('p', {}, number, unit ? h('small', {}, ` ${unit}`) : null);
    return { body, draw: (value) => setText(number, plain(value, MAX_NUMBER)) };
  },

  gauge(output) {
    const gauge = new Gauge(output);
    return { body: gauge.element, draw: (value) => gauge.draw(value) };
  },

  text() {
    const body = h('p', { class: 'output-text', tabindex: 0 }, UNKNOWN);
    return { body, draw: (value) => setText(body, plain(value, MAX_TEXT)) };
  },

  json() {
    const body = h('pre', { class: 'output-json', tabindex: 0 }, UNKNOWN);
    return { body, draw: (value) => setText(body, pretty(parsed(value), MAX_JSON)) };
  },

  image({ label }) {
    const image = new ImageView(label);
    return { body: image.element, draw: (value) => image.draw(value), dispose: () => image.dispose() };
  },

  table() {
    const table = h('table');
    return {
      body: h('div', { class: 'output-table', tabindex: 0 }, table),
      draw: (value) => fillTable(table, parsed(value)),
    };
  },

  plot({ label }) {
    const plot = new Plot(label);
    return {
      body: plot.element,
      add: (value, ptsUs) => plot.add(parsed(value), ptsUs),
      draw: () => plot.draw(),
      dispose: () => plot.dispose(),
    };
  },
};
