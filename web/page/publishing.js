/** The switch by which a running round trip becomes a stream that others watch. */

/** @import { Framebox } from '../framebox.js' */
/** @import { Audience, StreamReport, StreamChange } from '../client/types.js' */

import { toFrameboxError } from '../client/errors.js';
import { h, setText } from './elements.js';
import { streamLink } from './links.js';
import { share } from './share.js';
import { store, stored } from './storage.js';
import { viewersWord } from './stream-card.js';

/** Time between two looks at the number of viewers, ms. */
const INTERVAL = 3000;
/** Where the browser stores who may watch. */
const AUDIENCE_KEY = 'framebox.publish.watch';

/** @type {[Audience, string][]} */
const AUDIENCES = [
  ['anyone', 'Anyone'],
  ['watch', 'People with a token'],
  ['owner', 'Only me'],
];

export class Publishing {
  #root;
  #changed;
  /** @type {Framebox|null} */
  #client = null;
  /** @type {number|undefined} */
  #timer;

  /**
   * @param {HTMLElement} root
   * @param {() => void} changed Called when the session is published, and when it is no longer.
   */
  constructor(root, changed) {
    this.#root = root;
    this.#changed = changed;
    this.toggle = h('input', { type: 'checkbox', role: 'switch', class: 'switch', id: 'publish' });
    this.audience = h('select', { id: 'publish-watch' }, ...AUDIENCES.map(([value, label]) => h('option', { value }, label)));
    this.name = h('input', {
      type: 'text',
      id: 'publish-name',
      maxlength: 64,
      placeholder: 'A random one',
      spellcheck: 'false',
      autocomplete: 'off',
    });
    this.control = h('input', { type: 'checkbox', id: 'publish-control' });
    this.link = h('input', { type: 'text', class: 'link-field', readonly: true, 'aria-label': 'Link to the stream' });
    this.copy = h('button', { type: 'button' }, 'Copy link');
    this.viewers = h('span', { class: 'publish-viewers' });
    this.note = h('p', { class: 'publish-note', role: 'status' });
    this.shared = h('div', { class: 'publish-link', hidden: true }, this.link, this.copy, this.viewers);
    root.append(
      h('label', { class: 'publish-switch' }, this.toggle, h('span', {}, 'Publish')),
      h('label', { class: 'picker-inline' }, h('span', {}, 'Who may watch'), this.audience),
      h('label', { class: 'picker-inline publish-name' }, h('span', {}, 'Name'), this.name),
      h('label', { class: 'picker-inline' }, this.control, h('span', {}, 'Viewers may change the settings')),
      this.shared,
      this.note,
    );
    this.audience.value = stored(AUDIENCE_KEY) || 'watch';
    if (!this.audience.value) this.audience.value = 'watch';
    this.toggle.addEventListener('change', () => (this.toggle.checked ? this.#publish() : this.#unpublish()));
    this.audience.addEventListener('change', () => {
      store(AUDIENCE_KEY, this.audience.value);
      this.#change({ watch: /** @type {Audience} */ (this.audience.value) });
    });
    this.control.addEventListener('change', () => this.#change({ control: this.#control }));
    this.link.addEventListener('focus', () => this.link.select());
    this.copy.addEventListener('click', async () => {
      if (await share(this.link.value, 'the stream')) this.#showNote('The link was copied.');
    });
  }

  get #control() {
    return this.control.checked ? /** @type {const} */ ('viewers') : /** @type {const} */ ('owner');
  }

  /** Shows the switch for a session of one's own that runs; null: none does. @param {Framebox|null} client */
  show(client) {
    if (this.#client === client) return;
    this.#client = client;
    this.#root.hidden = !client;
    this.#showNote('');
    this.#showPublished(null);
  }

  async #publish() {
    const client = this.#client;
    if (!client) return;
    this.toggle.disabled = true;
    this.#showNote('');
    try {
      const name = this.name.value.trim() || undefined;
      const watch = /** @type {Audience} */ (this.audience.value);
      const title = name ? undefined : client.descriptor?.title;
      const report = await client.publish({ name, title, watch, control: this.#control });
      if (client === this.#client) this.#showPublished(report);
    } catch (error) {
      if (client === this.#client) this.#fail(error);
    }
    this.toggle.disabled = false;
  }

  async #unpublish() {
    const client = this.#client;
    this.#showPublished(null);
    this.#showNote('');
    await client?.unpublish().catch((error) => this.#showNote(toFrameboxError(error).message, true));
    this.#changed();
  }

  /** @param {StreamChange} change */
  async #change(change) {
    const { published, streams } = this.#client ?? {};
    if (!published) return;
    try {
      await streams?.change(published, change);
      this.#showNote('');
    } catch (error) {
      this.#showNote(toFrameboxError(error).message, true);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    const { code, message } = toFrameboxError(error);
    this.toggle.checked = false;
    const isTaken = code === 'stream-taken';
    this.name.toggleAttribute('aria-invalid', false);
    if (isTaken) this.name.setAttribute('aria-invalid', 'true');
    this.#showNote(isTaken ? 'There is a stream of this name already. Choose another one.' : message, true);
  }

  /** @param {StreamReport|null} report Null: it is not published. */
  #showPublished(report) {
    clearTimeout(this.#timer);
    const isPublished = Boolean(report);
    this.toggle.checked = isPublished;
    this.shared.hidden = !isPublished;
    this.name.disabled = isPublished;
    this.name.removeAttribute('aria-invalid');
    if (report) {
      this.link.value = streamLink(location.href, report.name);
      this.#showViewers(report);
    }
    this.#changed();
  }

  /** @param {StreamReport} report */
  #showViewers({ viewers }) {
    setText(this.viewers, viewersWord(viewers));
    const client = this.#client;
    this.#timer = setTimeout(() => client && this.#readViewers(client), INTERVAL);
  }

  /** @param {Framebox} client */
  async #readViewers(client) {
    const { published } = client;
    if (client !== this.#client || !published) return;
    try {
      const report = await client.streams.get(published);
      if (client.published === published && client === this.#client) this.#showViewers(report);
    } catch (error) {
      if (client !== this.#client) return;
      if (toFrameboxError(error).code === 'stream-unknown') {
        client.published = null;
        this.#showPublished(null);
        this.#showNote('The stream was ended.');
      } else {
        this.#timer = setTimeout(() => this.#readViewers(client), INTERVAL);
      }
    }
  }

  /** @param {string} text @param {boolean} [isError] */
  #showNote(text, isError = false) {
    setText(this.note, text);
    this.note.toggleAttribute('data-error', isError);
  }
}
