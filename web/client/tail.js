/** The handler's log in order, from its first line on: what was said before the channel opened comes first. */

/** Lines from the channel that wait for those before them. */
const MOST_WAITING = 1000;
/** Time from one reading to the next, ms: a handler that floods its log is not to flood the server with questions. */
const BETWEEN = 500;
/** A handler that is being closed has so long to say its last words, ms. */
const LAST_WORDS = 400;

export class Tail {
  #read;
  #emit;
  #last = 0;
  #waiting = [];
  #filling = null;
  #readAt = -BETWEEN;

  /**
   * @param {(after: number) => Promise<{lines: object[], dropped: number}>} read
   * @param {(line: {n: number, at_ms: number, level: string, message: string, dropped: number}) => void} emit
   *   `dropped`: lines before this one that are lost.
   */
  constructor(read, emit) {
    this.#read = read;
    this.#emit = emit;
  }

  /** A line from the channel. */
  take(line) {
    if (!this.#filling && line.n === this.#last + 1) {
      this.#next(line);
      return;
    }
    if (this.#waiting.length === MOST_WAITING) this.#waiting.shift();
    this.#waiting.push(line);
    this.fill();
  }

  /** Reads what the channel did not bring. */
  fill() {
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = null;
    });
    return this.#filling;
  }

  /** After the end of the session, which the channel does not outlive. */
  async finish() {
    await this.#filling;
    await pause(LAST_WORDS);
    await this.fill();
  }

  async #fill() {
    await pause(this.#readAt + BETWEEN - performance.now());
    this.#readAt = performance.now();
    const { lines = [] } = await this.#read(this.#last).catch(() => ({}));
    for (const line of lines) this.#next(line);
    for (const line of this.#waiting.splice(0)) this.#next(line);
  }

  #next({ n, at_ms, level, message }) {
    if (!(n > this.#last)) return;
    const dropped = n - this.#last - 1;
    this.#last = n;
    this.#emit({ n, at_ms, level: String(level), message: String(message), dropped });
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
