/** A session or a stream as the HTTP API shows it, for the client that started it and for others who may see it. */

/** @import { Applied, EventDetails, FrameRecord, LogLine, Policy, PublishOptions, StreamReport, Values } from './types.js' */

import { FrameboxError } from './errors.js';
import { sessionPath, streamPath } from './server.js';
import { Streams } from './streams.js';

export class Session extends EventTarget {
  #server;

  /**
   * @param {import('./server.js').Server} server
   * @param {string|null} [watched]
   */
  constructor(server, watched = null) {
    super();
    this.#server = server;
    /** Name of the stream that is watched; null for a session of one's own. */
    this.watched = watched;
    /** Name of the stream that the session was published as; null where it is not. @type {string|null} */
    this.published = null;
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
    return this.id ? this.#server.secretOf(sessionPath(this.id)) : null;
  }

  /** Path of the stream that is watched, else of that session. @param {string} id */
  pathOf(id) {
    return this.watched ? streamPath(this.watched) : sessionPath(id);
  }

  /** The server's streams: lists, makes, changes and records them. @returns {Streams} */
  get streams() {
    return new Streams(this.#server);
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
    const changed = await this.#patch('', change);
    const { policy, unprocessed } = changed.session ?? changed;
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
   * The most recent picture, as an image file.
   * @param {{size?: number, type?: 'jpg'|'png'}} [options] `size`: longest edge, pixels; default: as it is.
   * @returns {Promise<Blob>}
   */
  snapshot(options) {
    return this.#server.snapshot(this.#requiredPath(), options);
  }

  /**
   * Lets others watch what this session shows, as a stream.
   * @param {PublishOptions} [options]
   * @returns {Promise<StreamReport>} With the stream's name.
   */
  async publish(options = {}) {
    const { id } = this;
    if (!id || this.watched) throw notRunning();
    const report = await this.streams.create({ ...options, input: { session: id } });
    if (this.id === id) this.published = report.name;
    return report;
  }

  /** Ends the stream that this session was published as; the session goes on. */
  async unpublish() {
    const { published } = this;
    if (!published) return;
    this.published = null;
    await this.streams.remove(published);
  }

  /**
   * Reads additional outputs as server-sent events, also those of a stream or of a session that somebody else started.
   * @param {(values: EventDetails['values']) => void} receive Called for each frame with values; of values that come
   *   faster than they are read, the latest of each.
   * @param {{id?: string|null, stream?: string|null, secret?: string|null, onEnd?: (end: {reason: string}) => void}} [options]
   *   A stream or another session, and its secret if an anonymous client started it; called once at the end.
   * @returns {{close: () => void}} `close` stops reading.
   */
  outputs(receive, { id = this.id, stream, secret, onEnd = () => {} } = {}) {
    const name = stream ?? (id === this.id ? this.watched : null);
    const path = name ? streamPath(name) : sessionPath(id ?? this.#requiredId());
    const events = new EventSource(this.#server.outputsUrl(path, secret));
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

  /** @param {string} part */
  #get(part) {
    return this.#server.read(this.#requiredPath(), part);
  }

  /** @param {string} part @param {object} body */
  #patch(part, body) {
    return this.#server.change(this.#requiredPath(), part, body);
  }

  #requiredPath() {
    return this.pathOf(this.#requiredId());
  }

  #requiredId() {
    if (!this.id) throw notRunning();
    return this.id;
  }
}

const notRunning = () => new FrameboxError('not-connected', 'No session is running.');
