/** The stream that is watched: its state, its viewers, and what this person may do with it. */

/** @import { Framebox } from '../framebox.js' */
/** @import { StreamReport, StreamState } from '../client/types.js' */
/** @import { Message, Messages } from './messages.js' */

import { toFrameboxError } from '../client/errors.js';
import { find, setText } from './elements.js';
import { stateWord, titleOf, viewersWord } from './stream-card.js';

/** Time between two looks at the stream, ms. */
const INTERVAL = 3000;

export class Watching {
  #root;
  #messages;
  #report;
  /** @type {number|undefined} */
  #timer;
  /** @type {Framebox|null} */
  #client = null;
  /** What is shown of the stream's state. @type {StreamState|null} */
  #shown = null;

  /**
   * @param {HTMLElement} root
   * @param {Messages} messages
   * @param {(report: StreamReport) => void} report Called with the stream, again and again.
   */
  constructor(root, messages, report) {
    this.#root = root;
    this.#messages = messages;
    this.#report = report;
  }

  /** @param {Framebox} client Watches a stream. */
  start(client) {
    this.stop();
    this.#client = client;
    this.#root.hidden = false;
    this.#show(client.watched ?? '', '', '');
    // The server says that something happened; what it is, is asked.
    client.addEventListener('warning', (event) => {
      if (isOfStream(/** @type {CustomEvent} */ (event).detail.code)) this.#read(client);
    });
    this.#read(client);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#client = null;
    this.#root.hidden = true;
    this.#showState(null);
  }

  /** @param {Framebox} client */
  async #read(client) {
    clearTimeout(this.#timer);
    const { watched } = client;
    if (!watched) return;
    try {
      const report = await client.streams.get(watched);
      if (this.#client !== client) return;
      this.#show(titleOf(report), stateWord(report.state), `${report.handler} · ${viewersWord(report.viewers)}`);
      this.#root.dataset.state = report.state;
      this.#showState(report);
      this.#report(report);
    } catch (error) {
      // The connection says when the stream ends.
      if (toFrameboxError(error).status && this.#client === client) this.#showState(null);
    }
    if (this.#client !== client) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(client), INTERVAL);
  }

  /** @param {string} title @param {string} state @param {string} facts */
  #show(title, state, facts) {
    for (const [name, text] of Object.entries({ title, state, facts })) {
      const element = find(this.#root, `[data-watch="${name}"]`, HTMLElement);
      setText(element, text);
      element.hidden = !text;
    }
  }

  /** @param {StreamReport|null} report */
  #showState(report) {
    const state = report?.state ?? null;
    if (state === this.#shown) return;
    this.#shown = state;
    this.#messages.dismiss('stream-state');
    const message = report && describeState(report);
    if (message) this.#messages.show({ ...message, key: 'stream-state' });
  }
}

/** Whether a warning is about the stream's state, which is shown by itself. @param {string} code */
export const isOfStream = (code) => /^(publisher|source)-(away|back)$|^not-live$/.test(code);

/** @param {StreamReport} report @returns {Message|null} */
function describeState({ state, input, message }) {
  const source = input === 'source' ? 'source' : 'publisher';
  switch (state) {
    case 'away':
      return {
        severity: 'info',
        title: `The ${source} is away`,
        text: message || 'The last picture stands; the video goes on by itself.',
      };
    case 'waiting':
      return { severity: 'info', title: 'Nothing to see yet', text: `The stream waits for its ${source}.` };
    case 'failed':
      return { severity: 'error', title: 'The stream does not run', text: message || 'Its log may say why.' };
    default:
      return null;
  }
}
