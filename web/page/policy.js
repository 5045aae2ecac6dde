/** Which frames the handler is given, and what is shown for the others: a choice for each session. */

/** @import { Policy } from '../client/types.js' */

import { h } from './elements.js';

/** Value, label and explanation of a choice. @typedef {[string, string, string]} Choice */

/** @type {Choice[]} */
const POLICIES = [
  ['latest', 'Latest', 'While the handler is busy, only the newest frame waits.'],
  ['adaptive', 'Adaptive', 'As latest, with even gaps between the processed frames.'],
  ['never', 'Never skip', 'Every frame in order, up to a bounded delay.'],
];
/** @type {Choice[]} */
const UNPROCESSED = [
  ['hold', 'Hold the last', 'Shows the last result until the next one.'],
  ['passthrough', 'Pass through', 'Shows the camera’s picture unchanged.'],
];

export class PolicyChoice {
  #root;
  #change;
  /** What a person chose, also for later sessions. @type {Partial<Policy>} */
  chosen = {};

  /**
   * @param {HTMLElement} root Shown when the session's statistics name a policy.
   * @param {(change: Partial<Policy>) => Promise<unknown>} change
   */
  constructor(root, change) {
    this.#root = root;
    this.#change = change;
    this.policy = this.#select('policy', 'Frame skipping', POLICIES);
    this.unprocessed = this.#select('unprocessed', 'Unprocessed frames', UNPROCESSED);
  }

  clear() {
    this.#root.hidden = true;
  }

  /** Shows the policy that holds; a server that names none has no policies. @param {Partial<Policy>} policy */
  reflect({ policy, unprocessed }) {
    this.#root.hidden = !policy;
    show(this.policy, policy);
    show(this.unprocessed, unprocessed);
  }

  /**
   * @param {keyof Policy} name
   * @param {string} label
   * @param {Choice[]} choices
   */
  #select(name, label, choices) {
    const select = h(
      'select',
      { id: `policy-${name}` },
      ...choices.map(([value, text, title]) => h('option', { value, title }, text)),
    );
    const explain = () => {
      select.title = choices.find(([value]) => value === select.value)?.[2] ?? '';
    };
    select.addEventListener('change', async () => {
      const before = this.chosen;
      const change = { [name]: select.value };
      this.chosen = { ...before, ...change };
      explain();
      select.disabled = true;
      try {
        await this.#change(change);
      } catch {
        this.chosen = before;
      }
      select.disabled = false;
    });
    explain();
    this.#root.append(h('label', { class: 'picker-inline' }, h('span', {}, label), select));
    return select;
  }
}

/**
 * Selects a value; one that is not among the choices is added.
 * @param {HTMLSelectElement} select
 * @param {string|undefined} value
 */
function show(select, value) {
  const label = select.closest('label');
  if (label) label.hidden = !value;
  if (!value || select.disabled || select.value === value) return;
  if (![...select.options].some((option) => option.value === value))
    select.append(h('option', { value }, String(value).slice(0, 40)));
  select.value = value;
}
