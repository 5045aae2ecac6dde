/** Bringing a component: dropped on the page or chosen, named, sent, and then there. */

import { h, setText } from './elements.js';
import { bytes } from './format.js';

/** What names of handlers are made of. */
const NAME = /^[a-z0-9_-]{1,64}$/;

const STAGES = {
  sending: 'Sending …',
  checking: 'The server looks it over …',
  compiling: 'The server compiles it …',
  describing: 'The server asks it what it is …',
  storing: 'The server keeps it …',
};

export class Upload {
  #report;
  #file = null;
  #abort = null;

  /**
   * @param {{button: HTMLButtonElement, drop: HTMLElement}} places Where it begins; what is shown while a file is held
   *   over the page.
   * @param {{handlers: () => object[], send: (name: string, file: File, options: object) => Promise<object>,
   *   done: (uploaded: object) => void}} report
   */
  constructor({ button, drop }, report) {
    this.#report = report;
    this.file = h('input', {
      type: 'file',
      id: 'upload-file',
      accept: '.wasm,application/wasm',
      hidden: true,
      on: { change: () => this.#chosen() },
    });
    this.what = h('p', { class: 'quiet upload-what' });
    this.name = h('input', {
      type: 'text',
      id: 'upload-name',
      maxlength: 64,
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      'aria-describedby': 'upload-note',
      on: { input: () => this.#update() },
    });
    this.note = h('p', { class: 'quiet', id: 'upload-note' });
    this.progress = h('progress', { max: 1, 'aria-label': 'Progress', hidden: true });
    this.said = h('p', { class: 'upload-said', id: 'upload-said', role: 'status' });
    this.cancel = h('button', { type: 'button', on: { click: () => this.#close() } }, 'Cancel');
    this.send = h('button', { type: 'submit', class: 'primary', id: 'upload-send' }, 'Upload');
    const form = h(
      'form',
      { on: { submit: (event) => this.#submit(event) } },
      h('h2', { id: 'upload-title' }, 'Upload a handler'),
      this.what,
      h('label', { class: 'upload-name' }, h('span', {}, 'Name'), this.name),
      this.note,
      this.progress,
      this.said,
      h('div', { class: 'upload-actions' }, this.cancel, this.send),
    );
    this.dialog = h('dialog', { class: 'upload', id: 'upload', 'aria-labelledby': 'upload-title' }, form);
    this.dialog.addEventListener('close', () => this.#abort?.abort());
    document.body.append(this.dialog, this.file);
    button.addEventListener('click', () => this.file.click());
    this.#takeDrops(drop);
  }

  #takeDrops(drop) {
    let depth = 0;
    const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes('Files');
    const over = (change) => {
      depth = Math.max(0, depth + change);
      drop.hidden = depth === 0;
    };
    addEventListener('dragenter', (event) => hasFiles(event) && over(1));
    addEventListener('dragleave', (event) => hasFiles(event) && over(-1));
    addEventListener('dragover', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
    });
    addEventListener('drop', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      over(-depth);
      const [file] = event.dataTransfer.files;
      if (file) this.#open(file);
    });
  }

  #chosen() {
    const [file] = this.file.files;
    this.file.value = '';
    if (file) this.#open(file);
  }

  #open(file) {
    // One at a time: the one that is being sent goes on.
    if (this.#abort) return;
    this.#file = file;
    setText(this.what, `${file.name}, ${bytes(file.size)}`);
    this.name.value = proposed(file.name);
    this.#say('');
    this.#sending(false);
    this.#update();
    if (!this.dialog.open) this.dialog.showModal();
    this.name.select();
  }

  #close() {
    this.dialog.close();
  }

  #update() {
    const name = this.name.value;
    const taken = this.#report.handlers().find((handler) => handler.name === name);
    const good = NAME.test(name) && !taken?.builtin;
    if (!NAME.test(name)) setText(this.note, 'A name is made of a–z, 0–9, - and _, 64 at most.');
    else if (taken?.builtin) setText(this.note, `“${name}” comes with the server: choose another name.`);
    else if (taken) setText(this.note, `A new version of “${name}”. Sessions that run move to it.`);
    else setText(this.note, `A handler that is not there yet.`);
    this.name.setAttribute('aria-invalid', String(!good));
    this.send.disabled = !good || Boolean(this.#abort);
  }

  async #submit(event) {
    event.preventDefault();
    if (this.send.disabled) return;
    const abort = (this.#abort = new AbortController());
    this.#sending(true);
    this.#say(STAGES.sending);
    const onProgress = ({ stage, part }) => {
      this.#say(STAGES[stage] ?? stage);
      if (part === null) this.progress.removeAttribute('value');
      else this.progress.value = part;
    };
    try {
      const uploaded = await this.#report.send(this.name.value, this.#file, { signal: abort.signal, onProgress });
      this.#abort = null;
      this.dialog.close();
      this.#report.done(uploaded);
    } catch (problem) {
      this.#abort = null;
      this.#sending(false);
      this.#say(problem.code === 'stopped' ? '' : problem.message, true);
    }
    this.#update();
  }

  #sending(yes) {
    this.progress.hidden = !yes;
    this.progress.value = 0;
    this.name.disabled = yes;
    this.send.disabled = yes;
  }

  #say(text, wrong = false) {
    setText(this.said, text);
    this.said.toggleAttribute('data-wrong', wrong);
  }
}

/** A name for what is in a file of that name. */
function proposed(file) {
  const plain = file.replace(/\.[a-z0-9]+$/i, '').toLowerCase().replace(/[^a-z0-9_-]+/g, '-');
  return plain.replace(/^-+|-+$/g, '').slice(0, 64);
}
