/** The panel of presets: settings of a handler under a name, to be chosen again. */

import { h, setText } from './elements.js';
import { LONGEST_NAME, Shelf } from './shelf.js';

export class Presets {
  #root;
  #shelf = null;
  #shelves = new Map(); // handler -> its shelf; where nothing can be stored, what is on it stays all the same
  #report;

  /**
   * @param {HTMLDetailsElement} root
   * @param {{values: () => object,
   *   apply: (values: object) => Promise<{applied: string[], misfits: Map<string, string>}>}} report Gives the current values; makes a preset's values hold, and tells which did not fit and why.
   */
  constructor(root, report) {
    this.#root = root;
    this.#report = report;
    const button = (label, press, more = {}) => h('button', { type: 'button', on: { click: press }, ...more }, label);
    this.choice = h('select', { id: 'preset', 'aria-label': 'Preset', on: { change: () => this.#choose() } });
    this.remove = button('Delete', () => this.#delete());
    this.name = h('input', {
      type: 'text',
      id: 'preset-name',
      maxlength: LONGEST_NAME,
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
      on: { change: () => this.#open() },
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
    root.append(
      h(
        'div',
        { class: 'presets-body' },
        h('div', { class: 'presets-row' }, this.choice, this.remove),
        form,
        this.note,
        exchange,
      ),
    );
    globalThis.addEventListener('storage', ({ key }) => {
      // Another tab changed them, or emptied the storage.
      for (const shelf of this.#shelves.values()) if (key === null || key === shelf.key) shelf.reload();
      if (this.#shelf) this.#list(this.choice.value);
    });
  }

  /** @param {{name: string, parameters: object[]}} handler */
  show({ name, parameters }) {
    this.#root.hidden = !parameters.some(({ kind }) => kind !== 'button');
    if (this.#shelf?.handler === name) return;
    this.#shelf = this.#shelves.get(name) ?? new Shelf(name);
    this.#shelves.set(name, this.#shelf);
    this.name.value = '';
    this.text.value = '';
    this.#say('');
    this.#list('');
  }

  /** A person changed a setting: what is shown is no preset any more. Its name stays, to overwrite it. */
  changed() {
    this.choice.value = '';
    this.#update();
  }

  #list(chosen) {
    const { names } = this.#shelf;
    const first = names.length ? 'Choose a preset' : 'No presets yet';
    this.choice.replaceChildren(
      h('option', { value: '' }, first),
      ...names.map((name) => h('option', { value: name }, name)),
    );
    this.choice.value = names.includes(chosen) ? chosen : '';
    this.#update();
  }

  #update() {
    const name = this.name.value.trim();
    this.choice.disabled = !this.#shelf.names.length;
    this.remove.disabled = !this.choice.value;
    this.save.disabled = !name;
    setText(this.save, this.#shelf.has(name) ? 'Overwrite' : 'Save');
  }

  #save() {
    const name = this.name.value.trim();
    if (!name) return;
    const verb = this.#shelf.has(name) ? 'Overwrote' : 'Saved';
    const { taken, problem } = this.#shelf.put(name, this.#report.values());
    if (taken) this.#list(name);
    this.#say(problem || `${verb} “${name}”.`, problem);
  }

  async #choose() {
    const name = this.choice.value;
    const values = this.#shelf.get(name);
    this.#update();
    if (!values) return;
    this.name.value = name;
    this.#update();
    const shelf = this.#shelf;
    try {
      const { applied, misfits } = await this.#report.apply(values);
      if (shelf !== this.#shelf) return;
      const reasons = [...misfits].map(([id, reason]) => `${id}: ${reason}`);
      const done = `“${name}”: ${applied.length} ${applied.length === 1 ? 'setting' : 'settings'} applied.`;
      this.#say(reasons.length ? `${done} Not applied: ${reasons.join('; ')}.` : done, reasons.length > 0);
    } catch (problem) {
      if (shelf === this.#shelf) this.#say(`“${name}” could not be applied: ${problem.message}`, true);
    }
  }

  #delete() {
    const name = this.choice.value;
    const problem = this.#shelf.delete(name);
    this.#list('');
    this.#say(problem || `Deleted “${name}”.`, problem);
    this.choice.focus();
  }

  #export() {
    this.text.value = this.#shelf.export();
    this.text.select();
    this.#say(`${this.#shelf.names.length} in the field below, as JSON.`);
  }

  async #copy() {
    if (!this.text.value.trim()) this.#export();
    try {
      await navigator.clipboard.writeText(this.text.value);
      this.#say('Copied.');
    } catch {
      this.text.focus();
      this.text.select();
      this.#say('The browser does not let the page copy: the text is selected, copy it by hand.', true);
    }
  }

  #download() {
    const address = URL.createObjectURL(new Blob([this.#shelf.export()], { type: 'application/json' }));
    h('a', { href: address, download: `${this.#shelf.handler}-presets.json` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  async #open() {
    const [file] = this.file.files;
    this.file.value = '';
    if (!file) return;
    // More than any presets; a film chosen by mistake is not read.
    if (file.size > 1_000_000) this.#say('This file is too large to be presets.', true);
    else this.#import(await file.text().catch(() => ''));
  }

  #import(text) {
    const { names, replaced, foreign, problem } = this.#shelf.import(text);
    this.#list(names.length === 1 ? '' : this.choice.value);
    const parts = [
      names.length ? `Imported ${names.length}${replaced ? `, ${replaced} in place of others` : ''}.` : '',
      foreign ? `They were made for “${foreign}”: what does not fit is left out when one is chosen.` : '',
      problem,
    ];
    this.#say(parts.filter(Boolean).join(' '), problem || foreign);
  }

  #say(text, wrong = false) {
    setText(this.note, text);
    this.note.toggleAttribute('data-wrong', Boolean(wrong));
  }
}
