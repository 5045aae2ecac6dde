/** Uploads a component: dropped on the page or chosen, then named, then sent. */

/** @import { Handler, Progress, Uploaded, UploadOptions } from '../client/types.js' */

import { toFrameboxError } from '../client/errors.js';
import { h, setText } from './elements.js';
import { bytes } from './format.js';

/** A valid name of a handler. */
const NAME = /^[a-z0-9_-]{1,64}$/;

/** @type {Record<Progress['stage'], string>} */
const STAGES = {
  sending: 'Uploading …',
  checking: 'The server checks the component …',
  queued: 'The component waits for the compiler …',
  compiling: 'The server compiles the component …',
  describing: 'The server asks the component for its description …',
  storing: 'The server stores the component …',
};

export class Upload {
  #callbacks;
  /** @type {File|null} */
  #file = null;
  /** Cancels the upload that runs; null while none runs. @type {AbortController|null} */
  #abort = null;

  /**
   * @param {HTMLButtonElement} button Opens the choice of a file.
   * @param {HTMLElement} dropHint Shown while a file is dragged over the page.
   * @param {{handlers: () => Handler[],
   *   send: (name: string, file: File, options: UploadOptions) => Promise<Uploaded>,
   *   done: (uploaded: Uploaded) => void}} callbacks
   */
  constructor(button, dropHint, callbacks) {
    this.#callbacks = callbacks;
    this.input = h('input', {
      type: 'file',
      id: 'upload-file',
      accept: '.wasm,application/wasm',
      hidden: true,
      on: { change: () => this.#fileChosen() },
    });
    this.fileName = h('p', { class: 'quiet upload-file-name' });
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
    this.status = h('p', { class: 'upload-status', id: 'upload-status', role: 'status' });
    const cancel = h('button', { type: 'button', on: { click: () => this.dialog.close() } }, 'Cancel');
    this.send = h('button', { type: 'submit', class: 'primary', id: 'upload-send' }, 'Upload');
    const form = h(
      'form',
      { on: { submit: (event) => this.#submit(event) } },
      h('h2', { id: 'upload-title' }, 'Upload a handler'),
      this.fileName,
      h('label', { class: 'upload-name' }, h('span', {}, 'Name'), this.name),
      this.note,
      this.progress,
      this.status,
      h('div', { class: 'upload-actions' }, cancel, this.send),
    );
    this.dialog = h('dialog', { class: 'upload', id: 'upload', 'aria-labelledby': 'upload-title' }, form);
    this.dialog.addEventListener('close', () => this.#abort?.abort());
    document.body.append(this.dialog, this.input);
    button.addEventListener('click', () => this.input.click());
    this.#acceptDrops(dropHint);
  }

  /** @param {HTMLElement} hint */
  #acceptDrops(hint) {
    // `dragenter` and `dragleave` come for each element that the pointer passes.
    let depth = 0;
    /** @param {number} change */
    const enter = (change) => {
      depth = Math.max(0, depth + change);
      hint.hidden = depth === 0;
    };
    /** @param {string} type @param {(event: DragEvent, data: DataTransfer) => void} listener */
    const onFiles = (type, listener) =>
      addEventListener(type, (event) => {
        if (event instanceof DragEvent && event.dataTransfer?.types.includes('Files'))
          listener(event, event.dataTransfer);
      });
    onFiles('dragenter', () => enter(1));
    onFiles('dragleave', () => enter(-1));
    onFiles('dragover', (event, data) => {
      event.preventDefault();
      data.dropEffect = 'copy';
    });
    onFiles('drop', (event, data) => {
      event.preventDefault();
      enter(-depth);
      const [file] = data.files;
      if (file) this.#open(file);
    });
  }

  #fileChosen() {
    const [file] = this.input.files ?? [];
    this.input.value = '';
    if (file) this.#open(file);
  }

  /** @param {File} file */
  #open(file) {
    // One upload at a time: the one that runs goes on.
    if (this.#abort) return;
    this.#file = file;
    setText(this.fileName, `${file.name}, ${bytes(file.size)}`);
    this.name.value = proposedName(file.name);
    this.#showStatus('');
    this.#setSending(false);
    this.#update();
    if (!this.dialog.open) this.dialog.showModal();
    this.name.select();
  }

  #update() {
    const name = this.name.value;
    const existing = this.#callbacks.handlers().find((handler) => handler.name === name);
    const valid = NAME.test(name) && !existing?.builtin;
    if (!NAME.test(name)) setText(this.note, 'Use a–z, 0–9, - and _, at most 64 characters.');
    else if (existing?.builtin) setText(this.note, `“${name}” comes with the server: choose another name.`);
    else if (existing) setText(this.note, `A new version of “${name}”. Running sessions move to it.`);
    else setText(this.note, 'A new handler.');
    this.name.setAttribute('aria-invalid', String(!valid));
    this.send.disabled = !valid || Boolean(this.#abort);
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    if (this.send.disabled || !this.#file) return;
    const abort = (this.#abort = new AbortController());
    this.#setSending(true);
    this.#showStatus(STAGES.sending);
    /** @param {Progress} progress */
    const onProgress = ({ stage, part, place }) => {
      const ahead = place && place > 1 ? ` ${place - 1} before it` : '';
      this.#showStatus((STAGES[stage] ?? stage) + ahead);
      if (part === null) this.progress.removeAttribute('value');
      else this.progress.value = part;
    };
    try {
      const options = { signal: abort.signal, onProgress };
      const uploaded = await this.#callbacks.send(this.name.value, this.#file, options);
      this.#abort = null;
      this.dialog.close();
      this.#callbacks.done(uploaded);
    } catch (error) {
      this.#abort = null;
      this.#setSending(false);
      const { code, message } = toFrameboxError(error);
      this.#showStatus(code === 'stopped' ? '' : message, true);
    }
    this.#update();
  }

  /** @param {boolean} sending */
  #setSending(sending) {
    this.progress.hidden = !sending;
    this.progress.value = 0;
    this.name.disabled = sending;
    this.send.disabled = sending;
  }

  /** @param {string} text @param {boolean} [isError] */
  #showStatus(text, isError = false) {
    setText(this.status, text);
    this.status.toggleAttribute('data-error', isError);
  }
}

/** Proposes a handler's name for a file. @param {string} fileName */
function proposedName(fileName) {
  const base = fileName.replace(/\.[a-z0-9]+$/i, '').toLowerCase();
  return base
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
}
