/** The controls of a handler, drawn from its description, in groups; and what the server says of their values. */

import { control } from './control.js';
import { h, setText } from './elements.js';
import { wrong } from './fit.js';

/** A change that takes longer than this is marked as on its way, ms. */
const SLOW = 250;
/** It is told so long from which frame a change holds, ms. */
const TOLD = 4000;

export class Controls {
  #form;
  #reset;
  #rows = new Map();
  #report;

  /**
   * @param {HTMLFormElement} form
   * @param {HTMLButtonElement} reset
   * @param {{set: (values: object) => Promise<object>|undefined,
   *   press: (id: string) => Promise<object>|undefined}} report
   *   What they return tells from which frame the change holds.
   */
  constructor(form, reset, report) {
    this.#form = form;
    this.#reset = reset;
    this.#report = report;
    form.addEventListener('submit', (event) => event.preventDefault());
    reset.addEventListener('click', () => this.#toDefaults());
  }

  /** Draws the controls of a handler, at `values` or their defaults. Buttons work only while a session runs. */
  show(parameters, values = {}) {
    this.#rows.clear();
    const groups = new Map([['', []]]);
    for (const parameter of parameters) {
      const kept = Object.hasOwn(values, parameter.id) ? values[parameter.id] : undefined;
      const row = this.#row(parameter, kept !== undefined && !wrong(parameter, kept) ? kept : undefined);
      this.#rows.set(parameter.id, row);
      const group = parameter.group ?? '';
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(row.element);
    }
    this.#form.replaceChildren();
    for (const [name, rows] of groups) {
      if (!rows.length) continue;
      const legend = name ? h('legend', {}, name) : null;
      this.#form.append(
        h('fieldset', { data: { group: name }, 'aria-label': name ? null : 'General' }, legend, ...rows),
      );
    }
    if (!parameters.length) this.#form.append(h('p', { class: 'quiet' }, 'This handler has nothing to set.'));
    this.#mark();
  }

  /** Values that differ from their defaults. */
  changed() {
    const entries = [...this.#rows].filter(([, row]) => isChanged(row)).map(([id, row]) => [id, row.control.get()]);
    return Object.fromEntries(entries);
  }

  /** All values, by id. */
  values() {
    const rows = [...this.#rows].filter(([, { parameter }]) => parameter.kind !== 'button');
    return Object.fromEntries(rows.map(([id, { control }]) => [id, control.get()]));
  }

  /** Shows values that were chosen all at once; they hold from frame `sequence` on, if that is known. */
  put(values, sequence) {
    for (const [id, value] of values) {
      const row = this.#rows.get(id);
      if (!row) continue;
      row.control.set(value);
      this.#wrong(row, '');
      this.#tell(row, sequence);
    }
    this.#mark();
  }

  /** Shows the values that hold, except where the person is ahead of the server. */
  reflect(values, isPending = () => false) {
    for (const [id, row] of this.#rows) {
      if (isPending(id)) continue;
      this.#settled(row);
      if (Object.hasOwn(values, id) && !row.control.editing()) row.control.set(values[id]);
    }
    this.#mark();
  }

  /**
   * Shows at a control that its value was refused, and the value that holds instead; while a person is typing, what
   * they typed stays until they leave the field. False when there is no such control.
   */
  refuse(id, message, holds) {
    const row = this.#rows.get(id);
    if (!row) return false;
    this.#settled(row);
    this.#wrong(row, message);
    const value = holds ?? row.parameter.default;
    if (row.control.editing()) row.holds = value;
    else row.control.set(value);
    this.#mark();
    return true;
  }

  set live(live) {
    for (const {
      parameter,
      control: { element },
    } of this.#rows.values()) {
      if (parameter.kind === 'button') {
        element.disabled = !live;
        element.title = live ? '' : 'Works while a session runs';
      }
    }
    if (live) return;
    for (const row of this.#rows.values()) {
      this.#settled(row);
      row.element.removeAttribute('data-told');
    }
  }

  #row(parameter, value) {
    const row = { parameter, timer: 0 };
    row.control = control(parameter, {
      set: (next) => {
        delete row.holds;
        this.#wrong(row, '');
        clearTimeout(row.timer);
        row.timer = setTimeout(() => row.element.toggleAttribute('data-pending', true), SLOW);
        this.#follow(row, this.#report.set({ [parameter.id]: next }));
        this.#mark();
      },
      press: () => {
        this.#wrong(row, '');
        this.#follow(row, this.#report.press(parameter.id));
      },
      wrong: (message) => this.#wrong(row, message),
    });
    if (value !== undefined) row.control.set(value);

    const { element, labelled } = row.control;
    const isButton = parameter.kind === 'button';
    const helpId = `help-${parameter.id}`;
    const errorId = `error-${parameter.id}`;
    row.error = h('p', { class: 'control-error', id: errorId, role: 'alert', hidden: true });
    row.back = h(
      'button',
      {
        type: 'button',
        class: 'back',
        title: 'Back to the default',
        'aria-label': `${parameter.label}: back to the default`,
        on: { click: () => this.#toDefaults([row]) },
      },
      '↺',
    );
    row.back.hidden = true;
    row.since = h('span', { class: 'control-since', 'aria-hidden': true });
    const label = isButton
      ? null
      : h(
          'span',
          { class: 'control-label' },
          h(labelled ? 'label' : 'span', { for: labelled || null }, parameter.label),
        );
    const help = parameter.help ? h('p', { class: 'control-help', id: helpId }, parameter.help) : null;
    row.fields = [...element.querySelectorAll('input, textarea')].concat(
      element.matches('input, select, textarea, button') ? element : [],
    );
    for (const field of row.fields) field.setAttribute('aria-describedby', help ? `${helpId} ${errorId}` : errorId);
    row.element = h(
      'div',
      { class: 'control', data: { parameter: parameter.id, kind: parameter.kind } },
      label,
      isButton ? null : row.back,
      element,
      help,
      row.error,
    );
    (label ?? row.element).append(row.since);
    row.element.addEventListener('focusout', () => {
      if (!('holds' in row)) return;
      row.control.set(row.holds);
      delete row.holds;
      this.#mark();
    });
    return row;
  }

  #wrong(row, message) {
    setText(row.error, message);
    row.error.hidden = !message;
    for (const field of row.fields) {
      if (message) field.setAttribute('aria-invalid', 'true');
      else field.removeAttribute('aria-invalid');
    }
    row.element.toggleAttribute('data-wrong', Boolean(message));
  }

  /** Tells, once the answer is there, from which frame a change holds. */
  #follow(row, answer) {
    answer?.then(
      ({ sequence }) => this.#tell(row, sequence),
      () => {},
    );
  }

  #tell(row, sequence) {
    if (!Number.isSafeInteger(sequence)) return;
    setText(row.since, `from frame ${sequence}`);
    row.element.toggleAttribute('data-told', true);
    clearTimeout(row.told);
    row.told = setTimeout(() => row.element.removeAttribute('data-told'), TOLD);
  }

  #settled(row) {
    clearTimeout(row.timer);
    row.element.removeAttribute('data-pending');
  }

  #toDefaults(rows = [...this.#rows.values()]) {
    const changed = rows.filter(isChanged);
    for (const row of changed) {
      row.control.set(row.parameter.default);
      this.#wrong(row, '');
    }
    const values = changed.map(({ parameter }) => [parameter.id, parameter.default]);
    if (values.length) {
      const answer = this.#report.set(Object.fromEntries(values));
      for (const row of changed) this.#follow(row, answer);
    }
    this.#mark();
  }

  #mark() {
    for (const row of this.#rows.values()) row.back.hidden = !isChanged(row);
    this.#reset.hidden = ![...this.#rows.values()].some(isChanged);
  }
}

function isChanged({ parameter, control: { get } }) {
  return parameter.kind !== 'button' && get() !== parameter.default;
}
