/**
 * One control: what a parameter of each kind looks like.
 *
 * A control is `{ element, get, set, editing }`: `set` shows a value without reporting it, `editing` tells whether a
 * person is typing into it, so that nothing is overwritten under their hands.
 */

import { h } from './elements.js';
import { wrong } from './fit.js';
import { significant } from './format.js';

/** A choice of up to so many options, with labels that are short in sum, is drawn as segments rather than as a list. */
const MOST_SEGMENTS = 5;
const MOST_SEGMENT_TEXT = 34;

let serial = 0;

/**
 * @param {object} parameter Of the handler's description.
 * @param {{set: (value: unknown) => void, press: () => void, wrong: (message: string) => void}} report
 * @returns {{element: HTMLElement, labelled: string, get: () => unknown, set: (value: unknown) => void,
 *   editing: () => boolean}}
 *   `labelled`: id of the element that the label belongs to; empty where the control brings its own.
 */
export function control(parameter, report) {
  const make = MAKERS[parameter.kind] ?? text;
  return make(parameter, report, `control-${++serial}`);
}

const MAKERS = { number: range, integer: range, toggle, choice, text, color, button };

function range(parameter, report, id) {
  const { min, max, step, unit, label } = parameter;
  const whole = parameter.kind === 'integer';
  let value = parameter.default;
  const slider = h('input', { type: 'range', id, min, max, step });
  const field = h('input', {
    type: 'number',
    inputmode: whole ? 'numeric' : 'decimal',
    min,
    max,
    step,
    'aria-label': `${label}, exact value`,
  });
  const fill = () =>
    slider.style.setProperty('--filled', `${max > min ? (100 * (slider.value - min)) / (max - min) : 0}%`);
  const show = (next) => {
    value = next;
    slider.value = next;
    field.value = significant(next, 10);
    fill();
  };
  slider.addEventListener('input', () => {
    show(slider.valueAsNumber);
    report.set(value);
  });
  field.addEventListener('input', () => {
    const typed = field.valueAsNumber;
    if (Number.isNaN(typed)) return;
    const problem = wrong(parameter, typed);
    if (problem) {
      report.wrong(problem);
      return;
    }
    value = typed;
    slider.value = typed;
    fill();
    report.set(value);
  });
  // What was left half typed or out of range gives way to what holds.
  field.addEventListener('change', () => show(value));
  const element = h(
    'div',
    { class: 'range' },
    slider,
    h('span', { class: 'field' }, field, unit ? h('span', { class: 'unit' }, unit) : null),
  );
  show(value);
  return { element, labelled: id, get: () => value, set: show, editing: () => document.activeElement === field };
}

function toggle(parameter, report, id) {
  const input = h('input', { type: 'checkbox', role: 'switch', class: 'switch', id });
  input.addEventListener('change', () => report.set(input.checked));
  return plain(
    input,
    id,
    () => input.checked,
    (value) => {
      input.checked = Boolean(value);
    },
    parameter.default,
  );
}

function choice(parameter, report, id) {
  const { options } = parameter;
  const text = options.reduce((sum, { label }) => sum + label.length + 2, 0);
  return options.length <= MOST_SEGMENTS && text <= MOST_SEGMENT_TEXT
    ? segments(parameter, report, id)
    : list(parameter, report, id);
}

function list(parameter, report, id) {
  const select = h(
    'select',
    { id },
    ...parameter.options.map((option) => h('option', { value: option.id }, option.label)),
  );
  select.addEventListener('change', () => report.set(select.value));
  return plain(
    select,
    id,
    () => select.value,
    (value) => {
      select.value = value;
    },
    parameter.default,
  );
}

function segments(parameter, report, id) {
  const radios = parameter.options.map((option) => h('input', { type: 'radio', name: id, value: option.id }));
  const labels = parameter.options.map((option, index) => h('label', {}, radios[index], h('span', {}, option.label)));
  const element = h('div', { class: 'segments', role: 'radiogroup', 'aria-label': parameter.label }, ...labels);
  element.addEventListener('change', (event) => report.set(event.target.value));
  const set = (value) =>
    radios.forEach((radio) => {
      radio.checked = radio.value === value;
    });
  return plain(element, '', () => radios.find((radio) => radio.checked)?.value, set, parameter.default);
}

function text(parameter, report, id) {
  const field = h(parameter.multiline ? 'textarea' : 'input', {
    id,
    type: parameter.multiline ? null : 'text',
    rows: parameter.multiline ? 3 : null,
    maxlength: parameter.max_chars,
    spellcheck: 'false',
  });
  field.addEventListener('input', () => report.set(field.value));
  const made = plain(
    field,
    id,
    () => field.value,
    (value) => {
      if (field.value !== value) field.value = value;
    },
    parameter.default ?? '',
  );
  return { ...made, editing: () => document.activeElement === field };
}

function color(parameter, report, id) {
  const well = h('input', { type: 'color', id });
  const field = h('input', {
    type: 'text',
    maxlength: 7,
    spellcheck: 'false',
    class: 'hex',
    'aria-label': `${parameter.label}, as #rrggbb`,
  });
  well.addEventListener('input', () => {
    field.value = well.value;
    report.set(well.value);
  });
  field.addEventListener('input', () => {
    const typed = field.value.trim().replace(/^#?/, '#').toLowerCase();
    if (!/^#[0-9a-f]{6}$/.test(typed)) {
      if (typed.length >= 7) report.wrong('A colour as #rrggbb');
      return;
    }
    well.value = typed;
    report.set(typed);
  });
  const show = (value) => {
    well.value = value;
    field.value = value;
  };
  field.addEventListener('change', () => show(well.value));
  const made = plain(h('div', { class: 'color' }, well, field), id, () => well.value, show, parameter.default);
  return { ...made, editing: () => document.activeElement === field };
}

function button(parameter, report, id) {
  const element = h('button', { type: 'button', id }, parameter.label);
  element.addEventListener('click', () => report.press());
  return { element, labelled: '', get: () => undefined, set: () => {}, editing: () => false };
}

function plain(element, labelled, get, set, value) {
  set(value);
  return { element, labelled, get, set, editing: () => false };
}
