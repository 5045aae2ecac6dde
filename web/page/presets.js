/** The presets panel: settings of a handler under a name, to choose again. */

/** @import { Handler, Values } from '../client/types.js' */

import { toFrameboxError } from '../client/errors.js';
import { h, setText } from './elements.js';
import { MAX_NAME, PresetStore } from './preset-store.js';

/** Largest file that is read, bytes: more than any list of presets. */
const MAX_FILE = 1_000_000;

/**
 * `values` returns the current settings; `apply` applies a preset and returns the ids that were applied, and the
 * reasons why others were not.
 * @typedef {{values: () => Values,
 *   apply: (values: Values) => Promise<{applied: string[], invalid: Map<string, string>}>}} Callbacks
 */

export class Presets {
  #root;
  #callbacks;
  #store = new PresetStore('');
  /** By handler; without usable storage the presets live only here. @type {Map<string, PresetStore>} */
  #stores = new Map();

  /**
   * @param {HTMLDetailsElement} root
   * @param {Callbacks} callbacks
   */
  constructor(root, callbacks) {
    this.#root = root;
    this.#callbacks = callbacks;
    this.choice = h('select', { id: 'preset', 'aria-label': 'Preset', on: { change: () => this.#apply() } });
    this.remove = button('Delete', () => this.#delete());
    this.name = h('input', {
      type: 'text',
      id: 'preset-name',
      maxlength: MAX_NAME,
      placeholder: 'Name',
      'aria-label': 'Name of the preset',
      autocomplete: 'off',
      on: { input: () => this.#update() },
    });
    this.save = h('button', { type: 'submit' }, 'Save');
    this.note = h('p', { class: 'quiet presets-note', id: 'preset-note', role: 'status' });
    this.text = h('textarea', {
      rows: 5,
      class: 'presets-text',
      'aria-label': 'Presets as JSON',
      placeholder: 'Paste presets here, then import them',
      spellcheck: 'false',
    });
    this.file = h('input', {
      type: 'file',
      accept: '.json,application/json',
      hidden: true,
      on: { change: () => this.#openFile() },
    });
    const form = h('form', { class: 'presets-row', autocomplete: 'off' }, this.name, this.save);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#save();
    });
    const exchange = h(
      'details',
      { class: 'presets-exchange' },
      h('summary', {}, 'Export and import'),
      this.text,
      h(
        'div',
        { class: 'presets-row presets-actions' },
        button('Export', () => this.#export()),
        button('Copy', () => this.#copy()),
        button('Save as file', () => this.#download()),
        button('Open file', () => this.file.click()),
        button('Import', () => this.#import(this.text.value)),
      ),
      this.file,
    );
    const choose = h('div', { class: 'presets-row' }, this.choice, this.remove);
    root.append(h('div', { class: 'presets-body' }, choose, form, this.note, exchange));
    globalThis.addEventListener('storage', ({ key }) => {
      // Another tab changed the presets, or cleared the storage.
      for (const store of this.#stores.values()) if (key === null || key === store.key) store.reload();
      this.#list(this.choice.value);
    });
  }

  /** @param {Handler} handler */
  show({ name, parameters }) {
    this.#root.hidden = !parameters.some(({ kind }) => kind !== 'button');
    if (this.#store.handler === name) return;
    this.#store = this.#stores.get(name) ?? new PresetStore(name);
    this.#stores.set(name, this.#store);
    this.name.value = '';
    this.text.value = '';
    this.#showNote('');
    this.#list('');
  }

  /** Deselects the preset, since a person changed a setting. Its name stays in the field, to overwrite it. */
  deselect() {
    this.choice.value = '';
    this.#update();
  }

  /** @param {string} selected */
  #list(selected) {
    const { names } = this.#store;
    const first = names.length ? 'Choose a preset' : 'No presets yet';
    this.choice.replaceChildren(
      h('option', { value: '' }, first),
      ...names.map((name) => h('option', { value: name }, name)),
    );
    this.choice.value = names.includes(selected) ? selected : '';
    this.#update();
  }

  #update() {
    const name = this.name.value.trim();
    this.choice.disabled = !this.#store.names.length;
    this.remove.disabled = !this.choice.value;
    this.save.disabled = !name;
    setText(this.save, this.#store.has(name) ? 'Overwrite' : 'Save');
  }

  #save() {
    const name = this.name.value.trim();
    if (!name) return;
    const verb = this.#store.has(name) ? 'Overwrote' : 'Saved';
    const { stored, problem } = this.#store.put(name, this.#callbacks.values());
    if (stored) this.#list(name);
    this.#showNote(problem || `${verb} “${name}”.`, Boolean(problem));
  }

  async #apply() {
    const name = this.choice.value;
    const store = this.#store;
    const values = store.get(name);
    if (values) this.name.value = name;
    this.#update();
    if (!values) return;
    try {
      const { applied, invalid } = await this.#callbacks.apply(values);
      if (store !== this.#store) return;
      const done = `“${name}”: ${applied.length} ${applied.length === 1 ? 'setting' : 'settings'} applied.`;
      const reasons = [...invalid].map(([id, reason]) => `${id}: ${reason}`).join('; ');
      this.#showNote(reasons ? `${done} Not applied: ${reasons}.` : done, invalid.size > 0);
    } catch (error) {
      if (store === this.#store)
        this.#showNote(`“${name}” could not be applied: ${toFrameboxError(error).message}`, true);
    }
  }

  #delete() {
    const name = this.choice.value;
    const problem = this.#store.delete(name);
    this.#list('');
    this.#showNote(problem || `Deleted “${name}”.`, Boolean(problem));
    this.choice.focus();
  }

  #export() {
    this.text.value = this.#store.export();
    this.text.select();
    const { length } = this.#store.names;
    this.#showNote(`${length} ${length === 1 ? 'preset' : 'presets'} exported to the field below, as JSON.`);
  }

  async #copy() {
    if (!this.text.value.trim()) this.#export();
    try {
      await navigator.clipboard.writeText(this.text.value);
      this.#showNote('Copied.');
    } catch {
      this.text.focus();
      this.text.select();
      this.#showNote('The browser does not allow the page to copy. The text is selected: copy it yourself.', true);
    }
  }

  #download() {
    const url = URL.createObjectURL(new Blob([this.#store.export()], { type: 'application/json' }));
    h('a', { href: url, download: `${this.#store.handler}-presets.json` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  async #openFile() {
    const [file] = this.file.files ?? [];
    this.file.value = '';
    if (!file) return;
    if (file.size > MAX_FILE) this.#showNote('This file is too large to contain presets.', true);
    else this.#import(await file.text().catch(() => ''));
  }

  /** @param {string} text */
  #import(text) {
    const { names, replaced, foreign, problem } = this.#store.import(text);
    this.#list(names.length === 1 ? '' : this.choice.value);
    const counted = `Imported ${names.length} ${names.length === 1 ? 'preset' : 'presets'}`;
    const parts = [
      names.length ? `${counted}${replaced ? `, ${replaced} of which replaced existing ones` : ''}.` : '',
      foreign ? `They were made for “${foreign}”: settings that this handler does not have are left out.` : '',
      problem,
    ];
    this.#showNote(parts.filter(Boolean).join(' '), Boolean(problem || foreign));
  }

  /** @param {string} text @param {boolean} [isError] */
  #showNote(text, isError = false) {
    setText(this.note, text);
    this.note.toggleAttribute('data-error', isError);
  }
}

/** @param {string} label @param {() => void} press */
function button(label, press) {
  return h('button', { type: 'button', on: { click: press } }, label);
}
