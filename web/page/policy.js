/** Which frames the handler is given, and what is shown for the others: a choice for each session. */

import { h } from './elements.js';

const POLICIES = [
  ['latest', 'Latest', 'While the handler is busy, only the newest frame waits.'],
  ['adaptive', 'Adaptive', 'As latest, with even gaps between the frames that are processed.'],
  ['never', 'Never skip', 'Every frame in its order, up to a bounded delay.'],
];
const UNPROCESSED = [
  ['hold', 'Hold the last', 'The last result stands until the next one.'],
  ['passthrough', 'Pass through', 'The frame goes out as it came in.'],
];

export class Policy {
  #root;
  #change;
  /** What a person chose, also for sessions to come. */
  chosen = {};

  /**
   * @param {HTMLElement} root Shown when the session's statistics name a policy.
   * @param {(wanted: {policy?: string, unprocessed?: string}) => Promise<unknown>} change
   */
  constructor(root, change) {
    this.#root = root;
    this.#change = change;
    this.policy = this.#select('policy', 'Skipping', POLICIES);
    this.unprocessed = this.#select('unprocessed', 'Without a result', UNPROCESSED);
  }

  clear() {
    this.#root.hidden = true;
  }

  /** Shows what holds; a server that says nothing has no policies. */
  reflect({ policy, unprocessed } = {}) {
    this.#root.hidden = !policy;
    show(this.policy, policy);
    show(this.unprocessed, unprocessed);
  }

  #select(name, label, choices) {
    const select = h(
      'select',
      { id: `policy-${name}` },
      ...choices.map(([value, text, title]) => h('option', { value, title }, text)),
    );
    const describe = () => {
      select.title = choices.find(([value]) => value === select.value)?.[2] ?? '';
    };
    select.addEventListener('change', async () => {
      const before = this.chosen;
      this.chosen = { ...before, [name]: select.value };
      describe();
      select.disabled = true;
      try {
        await this.#change({ [name]: select.value });
      } catch {
        this.chosen = before;
      }
      select.disabled = false;
    });
    describe();
    this.#root.append(h('label', { class: 'pick-inline' }, h('span', {}, label), select));
    return select;
  }
}

/** A value that is not among the choices is shown as it is. */
function show(select, value) {
  select.closest('label').hidden = !value;
  if (!value || select.disabled || select.value === value) return;
  if (![...select.options].some((option) => option.value === value))
    select.append(h('option', { value }, String(value).slice(0, 40)));
  select.value = value;
}
