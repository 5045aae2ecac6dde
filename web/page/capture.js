/** The buttons that keep what is seen: a snapshot, and a recording where the stream is one's own. */

/** @import { Framebox } from '../framebox.js' */
/** @import { RecordedFile } from '../client/types.js' */

import { toFrameboxError } from '../client/errors.js';
import { download, timedName } from './download.js';
import { h, setText } from './elements.js';
import { bytes, duration } from './format.js';

/** Time between two looks at a recording that grows, ms. */
const INTERVAL = 2000;

/**
 * What is to be kept. `own`: name of the stream if it is one's own.
 * @typedef {{client: Framebox, name: string, own: string|null, hasPicture: boolean}} Captured
 */

export class Capture {
  #root;
  /** @type {Captured|null} */
  #captured = null;
  #isRecording = false;
  /** @type {number|undefined} */
  #timer;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    this.snapshot = h('button', { type: 'button', on: { click: () => this.#snapshot() } }, 'Snapshot');
    this.record = h('button', { type: 'button', class: 'record' }, 'Record');
    this.record.addEventListener('click', () => this.#record());
    this.note = h('p', { class: 'publish-note', role: 'status' });
    this.list = h('ul', { class: 'recordings', 'aria-label': 'Recordings', hidden: true });
    root.append(h('div', { class: 'capture-buttons' }, this.snapshot, this.record), this.note, this.list);
  }

  /** @param {Captured|null} captured Null: nothing runs. */
  show(captured) {
    const before = this.#captured;
    this.#captured = captured;
    this.#root.hidden = !captured?.hasPicture;
    this.record.hidden = !captured?.own;
    if (before?.client !== captured?.client) this.#showNote('');
    if (before?.own === captured?.own && before?.client === captured?.client) return;
    clearTimeout(this.#timer);
    this.#showRecording(false);
    this.#showFiles([]);
    this.#read();
  }

  async #snapshot() {
    const captured = this.#captured;
    if (!captured) return;
    await this.#act(this.snapshot, async () => {
      const picture = await captured.client.snapshot();
      download(picture, timedName(captured.name, 'jpg'));
    });
  }

  async #record() {
    const { client, own } = this.#captured ?? {};
    if (!client || !own) return;
    await this.#act(this.record, () =>
      this.#isRecording ? client.streams.stopRecording(own) : client.streams.record(own),
    );
    this.#read();
  }

  async #read() {
    clearTimeout(this.#timer);
    const captured = this.#captured;
    if (!captured?.own) return;
    const { streams } = captured.client;
    const { own } = captured;
    const answers = await Promise.all([streams.recording(own), streams.recordings(own)]).catch(() => null);
    if (own !== this.#captured?.own) return;
    const [status, files] = answers ?? [];
    if (files) this.#showFiles(files);
    this.#showRecording(answers ? Boolean(status?.active) : this.#isRecording);
    if (status?.problem) this.#showNote(status.problem);
    if (this.#isRecording) this.#timer = setTimeout(() => this.#read(), INTERVAL);
  }

  /** @param {boolean} isRecording */
  #showRecording(isRecording) {
    this.#isRecording = isRecording;
    setText(this.record, isRecording ? 'Stop recording' : 'Record');
    this.record.toggleAttribute('data-recording', isRecording);
  }

  /** @param {RecordedFile[]} files */
  #showFiles(files) {
    this.list.hidden = !files.length;
    // The buttons of a recording that grows stay what they are, so that the keyboard's focus stays on them.
    const rows = new Map([...this.list.children].map((row) => [/** @type {HTMLElement} */ (row).dataset.file, row]));
    const drawn = files.map((file) => {
      const row = rows.get(file.file) ?? this.#row(file);
      setText(/** @type {Element} */ (row.querySelector('span')), describe(file));
      for (const button of row.querySelectorAll('button')) button.disabled = file.active;
      return row;
    });
    if (drawn.some((row, index) => row !== this.list.children[index]) || drawn.length !== rows.size)
      this.list.replaceChildren(...drawn);
  }

  /** @param {RecordedFile} recorded */
  #row({ file }) {
    const save = h('button', { type: 'button', 'aria-label': `Download ${file}` }, 'Download');
    const remove = h('button', { type: 'button', class: 'plain', 'aria-label': `Delete ${file}` }, 'Delete');
    save.addEventListener('click', () =>
      this.#withStream(save, async ({ streams }, own) => download(await streams.recordedFile(own, file), `${own}-${file}`)),
    );
    remove.addEventListener('click', async () => {
      if (!confirm(`Delete the recording ${file}? This cannot be undone.`)) return;
      await this.#withStream(remove, ({ streams }, own) => streams.removeRecording(own, file));
      this.#read();
    });
    return h('li', { data: { file } }, h('span', {}), save, remove);
  }

  /** @param {HTMLButtonElement} button @param {(client: Framebox, own: string) => Promise<unknown>} act */
  async #withStream(button, act) {
    const { client, own } = this.#captured ?? {};
    if (client && own) await this.#act(button, () => act(client, own));
  }

  /** @param {HTMLButtonElement} button @param {() => Promise<unknown>} act */
  async #act(button, act) {
    button.disabled = true;
    this.#showNote('');
    try {
      await act();
    } catch (error) {
      this.#showNote(toFrameboxError(error).message);
    }
    button.disabled = false;
  }

  /** @param {string} text Empty: none. */
  #showNote(text) {
    setText(this.note, text);
    this.note.toggleAttribute('data-error', Boolean(text));
  }
}

/** @param {RecordedFile} recorded */
function describe({ started, duration_ms: length, bytes: size, active, before }) {
  const parts = [new Date(started).toLocaleString(), length === null ? null : duration(length), bytes(size)];
  parts.push(before ? 'as it was sent' : null, active ? 'recording …' : null);
  return parts.filter(Boolean).join(' · ');
}
