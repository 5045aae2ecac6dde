/** A control with its label, help, error and the button that resets it. */

/** @import { Applied, Parameter } from '../client/types.js' */

import { makeControl } from './control.js';
import { h, setText } from './elements.js';

/** A change that takes longer than this is marked as pending, ms. */
const PENDING_AFTER = 250;
/** Time for which the frame that a change takes effect with is shown, ms. */
const APPLIED_TIME = 4000;

/** @typedef {Promise<Applied>|undefined} Answer The server's answer to a change; undefined: no session runs. */

/**
 * What a person does at a row. `changed`: its value may differ from the default now.
 * @typedef {{set: (value: unknown) => Answer, press: () => Answer, reset: (row: ControlRow) => void,
 *   changed: () => void}} Callbacks
 */

export class ControlRow {
  #error;
  #reset;
  #applied = h('span', { class: 'control-applied', 'aria-hidden': true });
  #fields;
  /** @type {number|undefined} */
  #pendingTimer;
  /** @type {number|undefined} */
  #appliedTimer;
  /** The current value, to be shown when the person leaves the field; null: nothing waits. @type {[unknown]|null} */
  #waiting = null;

  /**
   * @param {Parameter} parameter
   * @param {Callbacks} callbacks
   */
  constructor(parameter, callbacks) {
    this.parameter = parameter;
    const { id, kind, label, help } = parameter;
    this.control = makeControl(parameter, {
      set: (value) => {
        this.#waiting = null;
        this.showError('');
        clearTimeout(this.#pendingTimer);
        this.#pendingTimer = setTimeout(() => this.element.toggleAttribute('data-pending', true), PENDING_AFTER);
        this.follow(callbacks.set(value));
        callbacks.changed();
      },
      press: () => {
        this.showError('');
        this.follow(callbacks.press());
      },
      refuse: (reason) => this.showError(reason),
    });

    const { element, labelFor } = this.control;
    const helpId = `help-${id}`;
    const errorId = `error-${id}`;
    this.#error = h('p', { class: 'control-error', id: errorId, role: 'alert', hidden: true });
    this.#reset = h(
      'button',
      {
        type: 'button',
        class: 'reset',
        title: 'Reset to the default',
        'aria-label': `${label}: reset to the default`,
        hidden: true,
        on: { click: () => callbacks.reset(this) },
      },
      '↺',
    );
    const fields = [...element.querySelectorAll('input, textarea')];
    this.#fields = element.matches('input, select, textarea, button') ? [...fields, element] : fields;
    for (const field of this.#fields) field.setAttribute('aria-describedby', help ? `${helpId} ${errorId}` : errorId);
    const caption = h(labelFor ? 'label' : 'span', { for: labelFor || null }, label);
    const head = this.isButton ? null : h('span', { class: 'control-label' }, caption);
    this.element = h(
      'div',
      { class: 'control', data: { parameter: id, kind } },
      head,
      this.isButton ? null : this.#reset,
      element,
      help ? h('p', { class: 'control-help', id: helpId }, help) : null,
      this.#error,
    );
    (head ?? this.element).append(this.#applied);
    this.element.addEventListener('focusout', () => {
      if (!this.#waiting) return;
      this.control.set(this.#waiting[0]);
      this.#waiting = null;
      callbacks.changed();
    });
  }

  get isButton() {
    return this.parameter.kind === 'button';
  }

  /** Whether its value differs from the default. */
  get isChanged() {
    return this.parameter.kind !== 'button' && this.control.get() !== this.parameter.default;
  }

  toDefault() {
    if (this.parameter.kind !== 'button') this.control.set(this.parameter.default);
    this.showError('');
  }

  /** @param {string} reason @param {unknown} current The value that holds. */
  refuse(reason, current) {
    this.clearPending();
    this.showError(reason);
    const value = current ?? (this.parameter.kind === 'button' ? undefined : this.parameter.default);
    if (this.control.isEditing()) this.#waiting = [value];
    else this.control.set(value);
  }

  /** @param {boolean} live Whether a session runs. */
  setLive(live) {
    const { element } = this.control;
    if (element instanceof HTMLButtonElement) {
      element.disabled = !live;
      element.title = live ? '' : 'Works while a session runs';
    }
    if (live) return;
    this.clearPending();
    this.element.removeAttribute('data-applied');
  }

  /** Shows, once the server answers, with which frame a change takes effect. @param {Answer} answer */
  follow(answer) {
    answer?.then(
      ({ sequence }) => this.showApplied(sequence),
      () => {},
    );
  }

  /** @param {number|null} sequence */
  showApplied(sequence) {
    if (!Number.isSafeInteger(sequence)) return;
    setText(this.#applied, `from frame ${sequence}`);
    this.element.toggleAttribute('data-applied', true);
    clearTimeout(this.#appliedTimer);
    this.#appliedTimer = setTimeout(() => this.element.removeAttribute('data-applied'), APPLIED_TIME);
  }

  /** @param {string} text Empty: none. */
  showError(text) {
    setText(this.#error, text);
    this.#error.hidden = !text;
    for (const field of this.#fields) {
      if (text) field.setAttribute('aria-invalid', 'true');
      else field.removeAttribute('aria-invalid');
    }
    this.element.toggleAttribute('data-error', Boolean(text));
  }

  clearPending() {
    clearTimeout(this.#pendingTimer);
    this.element.removeAttribute('data-pending');
  }

  updateReset() {
    this.#reset.hidden = !this.isChanged;
  }
}
