/** The handler's log in order from its first line: lines from before the data channel opened are read over HTTP. */

/** @import { EventDetails, LogLine } from './types.js' */

import { sleep } from './promise.js';

/** Lines from the data channel that wait for earlier lines; of more, the oldest are dropped. */
const MAX_WAITING = 1000;
/** Shortest time between two reads over HTTP, ms: a flooded log must not become a flood of requests. */
const READ_INTERVAL = 500;
/** Time that a handler has to write its last lines while it is closed, ms. */
const CLOSE_DELAY = 400;

export class LogStream {
  #read;
  #emit;
  #last = 0;
  /** @type {LogLine[]} */
  #waiting = [];
  /** @type {Promise<void>|null} */
  #fetching = null;
  #readAt = -READ_INTERVAL;

  /**
   * @param {(after: number) => Promise<{lines: LogLine[]}>} read Reads the lines after a number over HTTP.
   * @param {(line: EventDetails['log']) => void} emit `dropped`: lines before this one that are lost.
   */
  constructor(read, emit) {
    this.#read = read;
    this.#emit = emit;
  }

  /** Takes a line from the data channel. @param {LogLine} line */
  push(line) {
    if (!this.#fetching && line.n === this.#last + 1) {
      this.#next(line);
      return;
    }
    if (this.#waiting.length === MAX_WAITING) this.#waiting.shift();
    this.#waiting.push(line);
    this.fetchMissing();
  }

  /** Reads the lines that did not come over the data channel. */
  fetchMissing() {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  /** Reads the last lines after the end of the session, when the data channel is closed. */
  async finish() {
    await this.#fetching;
    await sleep(CLOSE_DELAY);
    await this.fetchMissing();
  }

  async #fetch() {
    await sleep(this.#readAt + READ_INTERVAL - performance.now());
    this.#readAt = performance.now();
    const { lines } = await this.#read(this.#last).catch(() => ({ lines: [] }));
    for (const line of [...(lines ?? []), ...this.#waiting.splice(0)]) this.#next(line);
  }

  /** @param {LogLine} line */
  #next({ n, at_ms, level, message }) {
    if (!(n > this.#last)) return;
    const dropped = n - this.#last - 1;
    this.#last = n;
    this.#emit({ n, at_ms, level, message: String(message), dropped });
  }
}
