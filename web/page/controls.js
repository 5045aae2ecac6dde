/** The controls of a handler, in groups, and the state of their values on the server. */

/** @import { Parameter, Values } from '../client/types.js' */
/** @import { Answer } from './control-row.js' */

import { ControlRow } from './control-row.js';
import { h, setText } from './elements.js';
import { validate } from './validation.js';

export class Controls {
  #form;
  #reset;
  #callbacks;
  #locked = '';
  /** By the parameter's id. @type {Map<string, ControlRow>} */
  #rows = new Map();

  /**
   * @param {HTMLFormElement} form
   * @param {HTMLButtonElement} reset
   * @param {{set: (values: Values) => Answer, press: (id: string) => Answer}} callbacks
   */
  constructor(form, reset, callbacks) {
    this.#form = form;
    this.#reset = reset;
    this.#callbacks = callbacks;
    this.note = h('p', { class: 'controls-note', role: 'status', hidden: true });
    form.before(this.note);
    form.addEventListener('submit', (event) => event.preventDefault());
    reset.addEventListener('click', () => this.#toDefaults([...this.#rows.values()]));
  }

  /**
   * Draws the controls of a handler. Buttons work only while a session runs.
   * @param {Parameter[]} parameters
   * @param {Values} [values] The other parameters, and those with an invalid value, get their defaults.
   */
  show(parameters, values = {}) {
    this.#rows.clear();
    /** @type {Map<string, ControlRow[]>} */
    const groups = new Map([['', []]]);
    for (const parameter of parameters) {
      const row = this.#makeRow(parameter);
      const value = Object.hasOwn(values, parameter.id) ? values[parameter.id] : undefined;
      if (value !== undefined && !validate(parameter, value)) row.control.set(value);
      this.#rows.set(parameter.id, row);
      const group = parameter.group ?? '';
      groups.set(group, [...(groups.get(group) ?? []), row]);
    }
    this.#form.replaceChildren();
    for (const [name, rows] of groups) {
      if (!rows.length) continue;
      const legend = name ? h('legend', {}, name) : null;
      const elements = rows.map(({ element }) => element);
      this.#form.append(
        h('fieldset', { data: { group: name }, 'aria-label': name ? null : 'General' }, legend, ...elements),
      );
    }
    if (!parameters.length) this.#form.append(h('p', { class: 'quiet' }, 'This handler has no settings.'));
    this.locked = this.#locked;
  }

  /** Values that differ from their defaults. @returns {Values} */
  changed() {
    return valuesOf([...this.#rows.values()].filter((row) => row.isChanged));
  }

  /** All values. @returns {Values} */
  values() {
    return valuesOf([...this.#rows.values()].filter((row) => !row.isButton));
  }

  /**
   * Shows values that were set together.
   * @param {Map<string, unknown>} values
   * @param {number|null} sequence The first frame that they hold for, where it is known.
   */
  put(values, sequence) {
    for (const [id, value] of values) {
      const row = this.#rows.get(id);
      row?.control.set(value);
      row?.showError('');
      row?.showApplied(sequence);
    }
    this.#updateReset();
  }

  /**
   * Shows the server's values, except where a person's newer value is on its way.
   * @param {Values} values
   * @param {(id: string) => boolean} [isPending]
   */
  reflect(values, isPending = () => false) {
    for (const [id, row] of this.#rows) {
      if (isPending(id)) continue;
      row.clearPending();
      if (Object.hasOwn(values, id) && !row.control.isEditing()) row.control.set(values[id]);
    }
    this.#updateReset();
  }

  /**
   * Shows at a control that its value was refused, and the current value instead; while a person is typing, that waits
   * until they leave the field.
   * @param {string} id
   * @param {string} reason
   * @param {unknown} current
   * @returns {boolean} False when there is no such control.
   */
  refuse(id, reason, current) {
    const row = this.#rows.get(id);
    row?.refuse(reason, current);
    this.#updateReset();
    return Boolean(row);
  }

  /** Why nothing may be changed; empty: it may be. */
  set locked(/** @type {string} */ reason) {
    this.#locked = reason;
    setText(this.note, reason);
    this.note.hidden = !reason;
    for (const group of this.#form.querySelectorAll('fieldset')) group.disabled = Boolean(reason);
    this.#updateReset();
  }

  /** Whether a session runs. */
  set live(/** @type {boolean} */ live) {
    for (const row of this.#rows.values()) row.setLive(live);
  }

  /** @param {Parameter} parameter */
  #makeRow(parameter) {
    const { id } = parameter;
    return new ControlRow(parameter, {
      set: (value) => this.#callbacks.set({ [id]: value }),
      press: () => this.#callbacks.press(id),
      reset: (row) => this.#toDefaults([row]),
      changed: () => this.#updateReset(),
    });
  }

  /** @param {ControlRow[]} rows */
  #toDefaults(rows) {
    const changed = rows.filter((row) => row.isChanged);
    for (const row of changed) row.toDefault();
    if (changed.length) {
      const answer = this.#callbacks.set(valuesOf(changed));
      for (const row of changed) row.follow(answer);
    }
    this.#updateReset();
  }

  #updateReset() {
    const rows = [...this.#rows.values()];
    for (const row of rows) row.updateReset();
    this.#reset.hidden = Boolean(this.#locked) || !rows.some((row) => row.isChanged);
  }
}

/** @param {ControlRow[]} rows @returns {Values} */
function valuesOf(rows) {
  return Object.fromEntries(rows.map(({ parameter, control }) => [parameter.id, control.get()]));
}
