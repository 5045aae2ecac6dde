/**
 * The control for one parameter, by its kind.
 *
 * Showing a value with `set` does not report it. `isEditing` says whether a person is typing, in which case the field
 * must not be overwritten.
 */

/**
 * @import { ButtonParameter, ChoiceParameter, ColorParameter, NumberParameter, Parameter, TextParameter,
 *   ToggleParameter } from '../client/types.js'
 */

import { h } from './elements.js';
import { significant } from './format.js';
import { validate } from './validation.js';

/** A choice with at most that many options, and labels of that length in sum, is drawn as segments, not as a list. */
const MAX_SEGMENTS = 5;
const MAX_SEGMENT_TEXT = 34;

/**
 * `labelFor`: id of the element that the label belongs to; empty where the control has a label of its own.
 * @typedef {{element: HTMLElement, labelFor: string, get: () => unknown, set: (value: any) => void,
 *   isEditing: () => boolean}} Control
 */

/**
 * What a person does: changes the value, presses the button, enters something invalid.
 * @typedef {{set: (value: unknown) => void, press: () => void, refuse: (reason: string) => void}} Callbacks
 */

let controls = 0;

/**
 * Makes a control.
 * @param {Parameter} parameter
 * @param {Callbacks} callbacks
 * @returns {Control}
 */
export function makeControl(parameter, callbacks) {
  controls += 1;
  const id = `control-${controls}`;
  switch (parameter.kind) {
    case 'number':
    case 'integer':
      return range(parameter, callbacks, id);
    case 'toggle':
      return toggle(parameter, callbacks, id);
    case 'choice':
      return choice(parameter, callbacks, id);
    case 'color':
      return color(parameter, callbacks, id);
    case 'button':
      return button(parameter, callbacks, id);
    case 'text':
    default:
      return text(parameter, callbacks, id);
  }
}

/** @param {NumberParameter} parameter @param {Callbacks} callbacks @param {string} id @returns {Control} */
function range(parameter, callbacks, id) {
  const { kind, min, max, step, unit, label } = parameter;
  let value = parameter.default;
  const slider = h('input', { type: 'range', id, min, max, step });
  const field = h('input', {
    type: 'number',
    inputmode: kind === 'integer' ? 'numeric' : 'decimal',
    min,
    max,
    step,
    'aria-label': `${label}, exact value`,
  });
  /** @param {number} next */
  const showSlider = (next) => {
    slider.value = String(next);
    const part = max > min ? (slider.valueAsNumber - min) / (max - min) : 0;
    slider.style.setProperty('--filled', `${100 * part}%`);
  };
  /** @param {number} next */
  const set = (next) => {
    value = next;
    showSlider(next);
    field.value = significant(next, 10);
  };
  slider.addEventListener('input', () => {
    set(slider.valueAsNumber);
    callbacks.set(value);
  });
  field.addEventListener('input', () => {
    const typed = field.valueAsNumber;
    if (Number.isNaN(typed)) return;
    const reason = validate(parameter, typed);
    if (reason) {
      callbacks.refuse(reason);
      return;
    }
    value = typed;
    showSlider(typed);
    callbacks.set(value);
  });
  // Replaces an incomplete or invalid input by the current value.
  field.addEventListener('change', () => set(value));
  const element = h(
    'div',
    { class: 'range' },
    slider,
    h('span', { class: 'field' }, field, unit ? h('span', { class: 'unit' }, unit) : null),
  );
  set(value);
  return { element, labelFor: id, get: () => value, set, isEditing: () => document.activeElement === field };
}

/** @param {ToggleParameter} parameter @param {Callbacks} callbacks @param {string} id @returns {Control} */
function toggle(parameter, callbacks, id) {
  const input = h('input', { type: 'checkbox', role: 'switch', class: 'switch', id });
  input.addEventListener('change', () => callbacks.set(input.checked));
  input.checked = parameter.default;
  return {
    element: input,
    labelFor: id,
    get: () => input.checked,
    set: (value) => {
      input.checked = Boolean(value);
    },
    isEditing: () => false,
  };
}

/** @param {ChoiceParameter} parameter @param {Callbacks} callbacks @param {string} id @returns {Control} */
function choice(parameter, callbacks, id) {
  const { options } = parameter;
  const length = options.reduce((sum, { label }) => sum + label.length + 2, 0);
  return options.length <= MAX_SEGMENTS && length <= MAX_SEGMENT_TEXT
    ? segments(parameter, callbacks, id)
    : list(parameter, callbacks, id);
}

/** @param {ChoiceParameter} parameter @param {Callbacks} callbacks @param {string} id @returns {Control} */
function list(parameter, callbacks, id) {
  const options = parameter.options.map((option) => h('option', { value: option.id }, option.label));
  const select = h('select', { id }, ...options);
  select.addEventListener('change', () => callbacks.set(select.value));
  select.value = parameter.default;
  return {
    element: select,
    labelFor: id,
    get: () => select.value,
    set: (value) => {
      select.value = value;
    },
    isEditing: () => false,
  };
}

/** @param {ChoiceParameter} parameter @param {Callbacks} callbacks @param {string} id @returns {Control} */
function segments(parameter, callbacks, id) {
  const radios = parameter.options.map((option) => h('input', { type: 'radio', name: id, value: option.id }));
  const labels = parameter.options.map((option, index) => h('label', {}, radios[index], h('span', {}, option.label)));
  const element = h('div', { class: 'segments', role: 'radiogroup', 'aria-label': parameter.label }, ...labels);
  const get = () => radios.find((radio) => radio.checked)?.value;
  /** @param {unknown} value */
  const set = (value) => {
    for (const radio of radios) radio.checked = radio.value === value;
  };
  element.addEventListener('change', () => callbacks.set(get()));
  set(parameter.default);
  return { element, labelFor: '', get, set, isEditing: () => false };
}

/** @param {TextParameter} parameter @param {Callbacks} callbacks @param {string} id @returns {Control} */
function text(parameter, callbacks, id) {
  const attributes = { id, maxlength: parameter.max_chars, spellcheck: 'false' };
  const field = parameter.multiline
    ? h('textarea', { ...attributes, rows: 3 })
    : h('input', { ...attributes, type: 'text' });
  field.addEventListener('input', () => callbacks.set(field.value));
  field.value = parameter.default ?? '';
  return {
    element: field,
    labelFor: id,
    get: () => field.value,
    set: (value) => {
      if (field.value !== value) field.value = value;
    },
    isEditing: () => document.activeElement === field,
  };
}

/** @param {ColorParameter} parameter @param {Callbacks} callbacks @param {string} id @returns {Control} */
function color(parameter, callbacks, id) {
  const picker = h('input', { type: 'color', id });
  const field = h('input', {
    type: 'text',
    maxlength: 7,
    spellcheck: 'false',
    class: 'hex',
    'aria-label': `${parameter.label}, as #rrggbb`,
  });
  /** @param {string} value */
  const set = (value) => {
    picker.value = value;
    field.value = value;
  };
  picker.addEventListener('input', () => {
    field.value = picker.value;
    callbacks.set(picker.value);
  });
  field.addEventListener('input', () => {
    const typed = field.value.trim().replace(/^#?/, '#').toLowerCase();
    if (!/^#[0-9a-f]{6}$/.test(typed)) {
      if (typed.length >= 7) callbacks.refuse('A colour as #rrggbb');
      return;
    }
    picker.value = typed;
    callbacks.set(typed);
  });
  field.addEventListener('change', () => set(picker.value));
  set(parameter.default);
  return {
    element: h('div', { class: 'color' }, picker, field),
    labelFor: id,
    get: () => picker.value,
    set,
    isEditing: () => document.activeElement === field,
  };
}

/** @param {ButtonParameter} parameter @param {Callbacks} callbacks @param {string} id @returns {Control} */
function button(parameter, callbacks, id) {
  const element = h('button', { type: 'button', id }, parameter.label);
  element.addEventListener('click', () => callbacks.press());
  return { element, labelFor: '', get: () => undefined, set: () => {}, isEditing: () => false };
}
