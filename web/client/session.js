/** A session as the server shows it over HTTP, to those who started it and to others who know its id. */

import { FrameboxError } from './fault.js';

export class Session extends EventTarget {
  #server;

  /** @param {import('./server.js').Server} server */
  constructor(server) {
    super();
    this.#server = server;
  }

  /** Identifier of the session; null when there is none. @returns {string|null} */
  get id() {
    return null;
  }

  /** The values that hold, asked of the server. @returns {Promise<Object<string, unknown>>} */
  async parameters() {
    return (await this.#ask('/parameters')).parameters;
  }

  /**
   * Sets parameters together: all of them hold from one frame on, or none does.
   * @param {Object<string, unknown>} parameters Values by id.
   * @returns {Promise<{parameters: Object<string, unknown>, sequence: number|null}>} All values that hold, and the
   *   first frame that they hold for; null: they will, as soon as the handler is done with a frame that takes it long.
   * @throws {FrameboxError} `parameter`, with what is wrong with each in `parameters`; nothing was changed then.
   */
  async setParameters(parameters) {
    const answer = await this.#change('/parameters', parameters);
    return { parameters: answer.parameters, sequence: answer.sequence ?? null };
  }

  /**
   * Says which frames the handler is given, and what is shown for the others; what is left out stays.
   * @param {{policy?: 'latest'|'adaptive'|'never', unprocessed?: 'hold'|'passthrough'}} wanted
   * @returns {Promise<{policy: string, unprocessed: string}>} What holds.
   */
  async setPolicy(wanted) {
    const { policy, unprocessed } = await this.#change('', wanted);
    return { policy, unprocessed };
  }

  /**
   * What the handler said, its standard output and error included.
   * @param {number} [after] Only lines with a higher number.
   * @returns {Promise<{lines: {n: number, at_ms: number, level: string, message: string}[], dropped: number}>}
   *   `dropped`: lines after that number that are not kept any more.
   */
  log(after = 0) {
    return this.#ask(`/log?after=${after}`);
  }

  /** What became of the last frames. @returns {Promise<object[]>} */
  async frames() {
    return (await this.#ask('/frames')).frames;
  }

  /**
   * Reads additional outputs as server-sent events, also those of a session that somebody else started.
   * @param {(values: {sequence: number, pts_us: number, values: Object<string, unknown>}) => void} take Called for
   *   each frame with values; of values that come faster than they are read, the latest of each.
   * @param {{id?: string|null, onEnd?: (end: {reason: string}) => void}} [more] Another session; called once at its
   *   end.
   * @returns {{close: () => void}} Stops reading.
   */
  outputs(take, { id = this.id, onEnd = () => {} } = {}) {
    const events = new EventSource(this.#server.outputs(id ?? this.#known()));
    const end = (detail) => {
      events.close();
      onEnd(detail);
    };
    events.addEventListener('values', ({ data }) => take(JSON.parse(data)));
    events.addEventListener('end', ({ data }) => end(JSON.parse(data)));
    events.addEventListener('error', () => {
      // A connection that broke is made again by the browser; one that was refused is not.
      if (events.readyState === EventSource.CLOSED) end({ reason: 'The session is gone.' });
    });
    return { close: () => events.close() };
  }

  async #ask(part) {
    return this.#server.about(this.#known(), part);
  }

  async #change(part, body) {
    return this.#server.change(this.#known(), part, body);
  }

  #known() {
    if (!this.id) throw new FrameboxError('not-connected', 'No session runs.');
    return this.id;
  }
}
