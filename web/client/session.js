/** A session as the HTTP API shows it, for the client that started it and for others who may see it. */

/** @import { Applied, EventDetails, FrameRecord, LogLine, Policy, Values } from './types.js' */

import { FrameboxError } from './errors.js';

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

  /**
   * The secret that gives others access to the session; null with a token, to which the session belongs.
   * @returns {string|null}
   */
  get secret() {
    return this.id ? this.#server.secretOf(this.id) : null;
  }

  /** Reads the current values from the server. @returns {Promise<Values>} */
  async parameters() {
    return (await this.#get('/parameters')).parameters;
  }

  /**
   * Sets several parameters at once: all of them hold from the same frame on, or none does.
   * @param {Values} parameters
   * @returns {Promise<Applied>} All current values, and the first frame that they hold for.
   * @throws {FrameboxError} `parameter`, with the reason for each in `parameters`; nothing was changed then.
   */
  async setParameters(parameters) {
    const applied = await this.#patch('/parameters', parameters);
    return { parameters: applied.parameters, sequence: applied.sequence ?? null };
  }

  /**
   * Chooses which frames the handler is given, and what is shown for the others.
   * @param {Partial<Policy>} change What is left out stays as it is.
   * @returns {Promise<Policy>} The policy that holds.
   */
  async setPolicy(change) {
    const { policy, unprocessed } = await this.#patch('', change);
    return { policy, unprocessed };
  }

  /**
   * Reads the handler's log, which includes its standard output and standard error.
   * @param {number} [after] Only lines with a higher number.
   * @returns {Promise<{lines: LogLine[], dropped: number}>} `dropped`: lines after that number that are no longer kept.
   */
  log(after = 0) {
    return this.#get(`/log?after=${after}`);
  }

  /** Reads the outcome of the most recent frames. @returns {Promise<FrameRecord[]>} */
  async frames() {
    return (await this.#get('/frames')).frames;
  }

  /**
   * Reads additional outputs as server-sent events, also those of a session that somebody else started.
   * @param {(values: EventDetails['values']) => void} receive Called for each frame with values; of values that come
   *   faster than they are read, the latest of each.
   * @param {{id?: string|null, secret?: string|null, onEnd?: (end: {reason: string}) => void}} [options] Another session,
   *   and its secret if an anonymous client started it; called once at the end of the session.
   * @returns {{close: () => void}} `close` stops reading.
   */
  outputs(receive, { id = this.id, secret, onEnd = () => {} } = {}) {
    const events = new EventSource(this.#server.outputsUrl(id ?? this.#requiredId(), secret));
    /** @param {{reason: string}} detail */
    const end = (detail) => {
      events.close();
      onEnd(detail);
    };
    events.addEventListener('values', ({ data }) => receive(JSON.parse(data)));
    events.addEventListener('end', ({ data }) => end(JSON.parse(data)));
    events.addEventListener('error', () => {
      // The browser reconnects after a failure of the network, but not after an error response.
      if (events.readyState === EventSource.CLOSED) end({ reason: 'The session no longer exists.' });
    });
    return { close: () => events.close() };
  }

  /** @param {string} path */
  async #get(path) {
    return this.#server.getSession(this.#requiredId(), path);
  }

  /** @param {string} path @param {object} body */
  async #patch(path, body) {
    return this.#server.patchSession(this.#requiredId(), path, body);
  }

  #requiredId() {
    if (!this.id) throw new FrameboxError('not-connected', 'No session is running.');
    return this.id;
  }
}
