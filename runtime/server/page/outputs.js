/** Additional outputs, each drawn as its kind asks for. Values may come with each frame: drawing follows the screen. */

import { h, oncePerFrame, setText } from './elements.js';
import { significant, steady } from './format.js';
import { Plot } from './plot.js';
import { fillTable } from './table.js';

/** Characters of a JSON document that are shown; a longer one is cut. */
const MOST_JSON = 20_000;

/** Kinds that need little room; they come first, side by side. */
const SMALL = ['number', 'gauge', 'text'];

export class Outputs {
  #root;
  #views = new Map();
  #dirty = new Set();
  #draw = oncePerFrame(() => {
    for (const view of this.#dirty) view.draw(view.value);
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

  /** Values of one frame. */
  take(values, ptsUs) {
    for (const [id, value] of Object.entries(values)) {
      const view = this.#views.get(id);
      if (!view) continue;
      view.value = value;
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

function place(output) {
  const view = (VIEWS[output.kind] ?? VIEWS.json)(output);
  const title = h(
    'h3',
    {},
    output.label,
    output.unit && output.kind === 'plot' ? h('small', {}, ` ${output.unit}`) : null,
  );
  const element = h(
    'section',
    { class: 'output', data: { output: output.id, kind: output.kind, empty: '' } },
    title,
    view.body,
  );
  return { ...view, element };
}

const VIEWS = {
  number({ unit }) {
    const value = h('output', { class: 'output-number' }, '–');
    const body = h('p', {}, value, unit ? h('small', {}, ` ${unit}`) : null);
    return { body, draw: (next) => setText(value, plain(next)) };
  },

  gauge({ unit, label }) {
    // The description has no range: percent is known, else the scale grows with what was seen.
    let [low, high] = unit === '%' ? [0, 100] : [0, 1];
    const value = h('output', { class: 'output-number' }, '–');
    const bar = h('div', { class: 'gauge', role: 'meter', 'aria-label': label });
    const [from, to] = [h('span'), h('span')];
    const body = h(
      'div',
      {},
      h('p', {}, value, unit ? h('small', {}, ` ${unit}`) : null),
      bar,
      h('p', { class: 'gauge-scale' }, from, to),
    );
    return {
      body,
      draw(next) {
        const number = Number(typeof next === 'object' ? next?.value : next);
        if (Number.isFinite(next?.min)) low = next.min;
        if (Number.isFinite(next?.max)) high = next.max;
        if (number > high) high = ceiling(number);
        if (number < low) low = -ceiling(-number);
        setText(value, plain(number));
        setText(from, significant(low, 3));
        setText(to, significant(high, 3));
        bar.style.setProperty('--part', high > low ? Math.min(1, Math.max(0, (number - low) / (high - low))) : 0);
        for (const [name, now] of [
          ['valuenow', number],
          ['valuemin', low],
          ['valuemax', high],
        ])
          bar.setAttribute(`aria-${name}`, now);
      },
    };
  },

  text() {
    const body = h('p', { class: 'output-text' }, '–');
    return { body, draw: (next) => setText(body, plain(next)) };
  },

  json() {
    const body = h('pre', { class: 'output-json', tabindex: 0 }, '–');
    return {
      body,
      draw(next) {
        const whole = pretty(parsed(next));
        setText(body, whole.length > MOST_JSON ? `${whole.slice(0, MOST_JSON)}\n…` : whole);
      },
    };
  },

  image({ label }) {
    const image = h('img', { alt: label, hidden: true });
    const note = h('p', { class: 'quiet' }, '–');
    return {
      body: h('div', { class: 'output-image' }, image, note),
      draw(next) {
        const type = next?.media_type ?? '';
        const good = /^image\/[a-z0-9.+-]+$/i.test(type) && typeof next.data === 'string';
        image.hidden = !good;
        note.hidden = good;
        if (good) image.src = `data:${type};base64,${next.data}`;
        else setText(note, type ? `Not a picture: ${type}` : 'Not a picture');
      },
    };
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

function plain(value) {
  if (typeof value === 'number') return steady(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '–');
}

/** Indented, with lists of plain values on one line. Text within JSON has no raw line breaks, so it stays as it is. */
function pretty(value) {
  const whole = JSON.stringify(value, null, 2) ?? '–';
  return whole.replace(/\[\n[^[\]{}]*\]/g, (list) => list.replace(/\n */g, ' '));
}

/** JSON that arrives as text, as it was meant. */
function parsed(value) {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** The next 1, 2 or 5 times a power of ten. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value) ?? value;
}
