/**
 * Framebox's browser client: sends video through a handler on a Framebox server and receives it processed, receives the
 * video of a handler that makes its own, only sends video to a handler that returns values, or watches a stream.
 *
 * It is one ES module to import, without dependencies (its parts are in `client/`), and touches no element of the page.
 *
 * ```js
 * import { Framebox, connect } from 'https://my.server/framebox.js';
 *
 * const client = new Framebox({ server: 'https://my.server', handler: 'invert' });
 * client.addEventListener('track', ({ detail }) => { video.srcObject = detail.stream; });
 * client.addEventListener('values', ({ detail }) => console.log(detail.values));
 * await client.start({ constraints: { width: 1280, height: 720 } });
 * await client.set({ threshold: 40 });
 * await client.publish({ name: 'door' }); // Others watch: new Framebox({ server: 'https://my.server', stream: 'door' })
 * client.stop();
 *
 * // A handler that makes its own video needs no camera. The same in one call:
 * const player = await connect({
 *   server: 'https://my.server', handler: 'play', fps: 25,
 *   onTrack: ({ stream }) => { video.srcObject = stream; },
 *   onLog: ({ level, message }) => console.log(level, message),
 *   onEnd: ({ message }) => console.log(message),
 * });
 * ```
 *
 * Events are `CustomEvent`s with these members in `detail` (their types are in `client/types.js`):
 *
 * | event        | detail                                                                                    |
 * |--------------|-------------------------------------------------------------------------------------------|
 * | `state`      | `{ state, previous }`, see `State`                                                        |
 * | `reconnect`  | `{ attempt }`: the interrupted connection is being brought back, within the same session  |
 * | `input`      | `{ stream }`: the stream that is sent                                                     |
 * | `track`      | `{ stream, track }`: the processed video                                                  |
 * | `session`    | `{ id, handler, parameters }`: the server's description of the session                    |
 * | `swap`       | `{ handler, parameters, from, version, sequence }`: version `version` takes over from     |
 * |              | version `from` with frame `sequence`                                                      |
 * | `build`      | `{ state, message }`: the author's build of the next version; `running`, `failed`, `done` |
 * | `parameters` | `{ parameters, sequence, request? }`: all values, which hold from frame `sequence` on     |
 * | `values`     | `{ sequence, pts_us, values }`: additional outputs of one frame, by id                    |
 * | `warning`    | `{ code, message, parameter?, request? }`                                                 |
 * | `error`      | the same; the session goes on unless `end` follows                                        |
 * | `log`        | `{ n, at_ms, level, message, dropped }`: a line of the handler's log, with the option     |
 * |              | `log`; `dropped`: lines before it that are lost                                           |
 * | `frames`     | `{ frames }`: the outcome of each frame since the previous event, with the option         |
 * |              | `frames`                                                                                  |
 * | `policy`     | `{ policy, unprocessed }`: which frames the handler is given, after a change              |
 * | `stats`      | a `Snapshot`, every `statsInterval`                                                       |
 * | `end`        | `{ code, message }`, once after each `start` that resolved: `stopped`, `finished`,        |
 * |              | `connection-lost` or `session-gone`                                                       |
 */

/** @import { Applied, EventDetails, Handler, Options, Snapshot, StartOptions, State, StreamSummary, Values } from './client/types.js' */

import { constraintsFor, openCamera } from './client/camera.js';
import { addCallbacks } from './client/callbacks.js';
import { Catalog } from './client/catalog.js';
import { Connection, notConnected } from './client/connection.js';
import { connectionError, FrameboxError, goneError, toFrameboxError } from './client/errors.js';
import { LogStream } from './client/log-stream.js';
import { receive } from './client/messages.js';
import { Peer } from './client/peer.js';
import { probe } from './client/probe.js';
import { Server } from './client/server.js';
import { Session } from './client/session.js';
import { estimateLatency } from './client/stats.js';
import { Streams } from './client/streams.js';

export { FrameboxError, openCamera };

/** Time after which `start` fails without a connection, ms. */
const CONNECT_TIMEOUT = 20_000;
/** Time after which a connection that is not there is a matter to ask the server about, ms. */
const ASK_AFTER = 2500;
/** Interval of the server's statistics where only the log is wanted, ms: the longest that the server offers. */
const LONGEST_STATS_INTERVAL = 60_000;

/** Direction of the video as the browser sees it, by the kind of the handler. */
const DIRECTIONS = /** @type {const} */ ({ transform: 'sendrecv', generator: 'recvonly', observer: 'sendonly' });

/**
 * Makes a client and starts it.
 * @param {Omit<Options, 'stream'> & Omit<StartOptions, 'stream'> & {stream?: string|MediaStream|null}} [options]
 *   `stream`: the name of one to watch, or what to send.
 * @returns {Promise<Framebox>} Once video can flow.
 * @throws {FrameboxError} Nothing stays open then.
 */
export async function connect({ stream, constraints, direction, ...options } = {}) {
  const isName = typeof stream === 'string';
  const client = new Framebox(isName ? { ...options, stream } : options);
  await client.start({ stream: isName ? null : stream, constraints, direction });
  return client;
}

/** A video session on a Framebox server. It can be started again after it ended. */
export class Framebox extends Session {
  /** @type {State} */
  #state = 'idle';
  /** @type {Connection|null} */
  #connection = null;
  /** @type {Snapshot|null} */
  #snapshot = null;
  #server;
  #options;

  /** @param {Options} [options] */
  constructor({ server: address = '', token = null, handler = null, stream = null, ...options } = {}) {
    const server = new Server(address, token);
    super(server, stream);
    this.#server = server;
    this.#options = { parameters: {}, statsInterval: 1000, ...options };
    addCallbacks(this, options);
    /** The name or description that was given. */
    this.handler = handler;
    /** The server's current values of parameters, by id. @type {Values} */
    this.held = {};
    /** The most recent value of each additional output, by id. @type {Values} */
    this.values = {};
    /** Description of the running handler. @type {Handler|null} */
    this.descriptor = null;
  }

  /**
   * Returns the streams that one may watch.
   * @param {{server?: string, token?: string|null}} [options]
   * @returns {Promise<StreamSummary[]>} The oldest first.
   */
  static streams({ server = '', token = null } = {}) {
    return new Streams(new Server(server, token)).list();
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** Identifier of the session, also on the server; null when none runs. @override @returns {string|null} */
  get id() {
    return this.#connection?.id ?? null;
  }

  /** The processed video. @returns {MediaStream|null} */
  get stream() {
    return this.#connection?.output ?? null;
  }

  /** The stream that is sent. @returns {MediaStream|null} */
  get input() {
    return this.#connection?.input ?? null;
  }

  /** The browser's connection, for what this class does not cover. @returns {RTCPeerConnection|null} */
  get peer() {
    return this.#connection?.peer?.rtc ?? null;
  }

  /** The most recent statistics; null before the first. @returns {Snapshot|null} */
  stats() {
    return this.#snapshot;
  }

  /** The catalog: uploads versions of handlers, activates and deletes them. @returns {Catalog} */
  get catalog() {
    return new Catalog(this.#server);
  }

  /**
   * Returns the server's handlers, and the name of its default one.
   * @returns {Promise<{handlers: Handler[], default: string}>}
   */
  handlers() {
    return this.#server.handlers();
  }

  /**
   * Connects, and resolves when video can flow. A camera is opened only for a handler that takes video.
   * @param {StartOptions} [options]
   * @returns {Promise<void>}
   * @throws {FrameboxError} When it rejects, nothing stays open and no `end` event follows.
   */
  async start({ stream = null, constraints, direction } = {}) {
    if (this.#connection) throw new FrameboxError('already-started', 'The session is already running.');
    if (!globalThis.RTCPeerConnection) throw new FrameboxError('unsupported', 'This browser does not support WebRTC.');
    const connection = (this.#connection = new Connection(this.#options.parameters, this.watched));
    connection.finish = (error) => this.#finish(connection, error);
    this.#snapshot = null;
    this.held = {};
    this.values = {};
    const leave = () => {
      connection.leavingPage = true;
      this.stop();
    };
    globalThis.addEventListener('pagehide', leave, { signal: connection.signal });
    this.#setState('connecting');
    connection.askForIce(() => this.#server.ice(connection.paths.ice, connection.signal), this.#options.iceServers ?? null);
    try {
      const { handler, watched } = this;
      const name = typeof handler === 'string' ? handler : (handler?.name ?? null);
      this.descriptor = watched || typeof handler === 'string' ? null : handler;
      // Of a stream, the server says with its first message what handler it has.
      if (!direction && !watched) this.descriptor ??= await this.#server.handler(name, connection.signal);
      const way = watched ? 'recvonly' : (direction ?? DIRECTIONS[this.descriptor?.kind ?? 'transform'] ?? 'sendrecv');
      if (way !== 'recvonly') {
        const input = await connection.openInput(stream, constraints ?? constraintsFor(this.descriptor));
        this.#emit('input', { stream: input });
      }
      await this.#connect(connection, way, this.descriptor?.name ?? name);
      await connection.live;
    } catch (error) {
      this.#close(connection, toFrameboxError(error));
      throw error;
    }
  }

  /**
   * Ends the session: here at once, on the server by the time the promise resolves. It never rejects.
   * @returns {Promise<void>}
   */
  async stop() {
    const connection = this.#connection;
    if (connection) this.#finish(connection, new FrameboxError('stopped', 'The session was stopped.'));
    await connection?.removed;
  }

  /**
   * Sets parameters, as often as a person moves a slider: calls within one animation frame are merged, and only the
   * latest value of each parameter is sent.
   * @param {Values} parameters
   * @returns {Promise<Applied>} All current values, and the first frame that they hold for. It may be ignored: an
   *   unhandled rejection is not reported.
   */
  set(parameters) {
    return this.#connection?.queue(parameters) ?? notConnected();
  }

  /**
   * Presses a button. Every press is sent; none is merged with another.
   * @param {string} id
   * @returns {Promise<Applied>}
   */
  press(id) {
    const connection = this.#connection;
    return connection?.peer?.isOpen ? connection.request({ [id]: true }) : notConnected();
  }

  /** Whether a value of this parameter is queued or not answered yet. @param {string} id @returns {boolean} */
  isPending(id) {
    return this.#connection?.isPending(id) ?? false;
  }

  /**
   * Sends another track (of another camera, for example) within the same session.
   * @param {MediaStreamTrack} track
   */
  async replaceTrack(track) {
    const connection = this.#connection;
    if (!connection?.peer) throw new FrameboxError('not-connected', 'No session is running.');
    this.#emit('input', { stream: await connection.replaceTrack(track) });
  }

  /**
   * @param {Connection} connection
   * @param {RTCRtpTransceiverDirection} direction
   * @param {string|null} handler Its name.
   */
  async #connect(connection, direction, handler) {
    const { fps, policy, unprocessed, iceTransportPolicy = 'all' } = this.#options;
    const peer = (connection.peer = new Peer(this.#server, connection, iceTransportPolicy));
    connection.recover(peer, {
      attempted: (attempt) => this.#emit('reconnect', { attempt }),
      gone: () => this.#finish(connection, goneError()),
      gaveUp: () => this.#finish(connection, connectionError(true)),
    });
    peer.rtc.addEventListener('track', ({ receiver, track }) => {
      // Shows each picture as soon as it is complete.
      receiver.jitterBufferTarget = 0;
      connection.output = new MediaStream([track]);
      this.#emit('track', { stream: connection.output, track });
    });
    peer.rtc.addEventListener('connectionstatechange', () => this.#connectionChanged(connection, peer));
    peer.channel.addEventListener('open', () => this.#opened(connection, peer));
    peer.channel.addEventListener('message', ({ data }) =>
      receive(connection, data, this, (type, detail) => this.#emit(type, detail)),
    );
    peer.channel.addEventListener('close', () => {
      this.#finish(connection, new FrameboxError('connection-lost', 'The server closed the connection.'));
    });
    const isViewer = this.watched !== null;
    await peer.open(connection.input, direction, isViewer ? {} : { handler, fps, policy, unprocessed });
    connection.connectTimer = setTimeout(() => this.#connectFailed(connection), CONNECT_TIMEOUT);
    if (!isViewer) connection.askForReason(this, ASK_AFTER, (reason) => this.#connectFailed(connection, reason));
  }

  /** @param {Connection} connection @param {string|null} [reason] The server's. */
  #connectFailed(connection, reason = null) {
    this.#finish(connection, connectionError(connection.isLive, connection.peer?.obstacle ?? reason));
  }

  /** Subscribes to the server's messages. @param {Connection} connection @param {Peer} peer */
  #opened(connection, peer) {
    const { statsInterval, frames = false, log = Boolean(this.#options.onLog) } = this.#options;
    if (statsInterval || log) {
      const stats_ms = statsInterval || LONGEST_STATS_INTERVAL;
      peer.send({ type: 'subscribe', stats_ms, log, frames: frames && statsInterval > 0 });
    }
    if (statsInterval) {
      connection.statsTimer = setInterval(() => {
        this.#readStats(connection, peer);
        if (connection.isSilent(statsInterval)) this.#probe(connection);
      }, statsInterval);
    }
    if (log) {
      /** @param {number} line */
      const after = (line) => this.#server.read(this.pathOf(connection.id), `/log?after=${line}`);
      connection.logStream = new LogStream(after, (line) => this.#emit('log', line));
      connection.logStream.fetchMissing();
    }
    connection.flushSoon();
  }

  /** @param {Connection} connection @param {Peer} peer */
  #connectionChanged(connection, peer) {
    if (connection.ended) return;
    switch (peer.rtc.connectionState) {
      case 'connected':
        clearTimeout(connection.connectTimer);
        connection.stopWaiting();
        this.#setState('live');
        connection.becomeLive();
        break;
      case 'disconnected':
      case 'failed':
        // A session that was live is brought back; of another one the server says why it was not.
        if (!connection.isLive) break;
        this.#setState('interrupted');
        this.#probe(connection);
        break;
      case 'closed':
        this.#connectFailed(connection);
    }
  }

  /** @param {Connection} connection */
  async #probe(connection) {
    const isBack = await probe(connection, this.#server, this.pathOf(connection.id), this.#options.statsInterval, {
      interrupted: () => this.#setState('interrupted'),
      gone: () => this.#finish(connection, goneError()),
    });
    if (isBack) this.#setState('live');
  }

  /** @param {Connection} connection @param {Peer} peer */
  async #readStats(connection, peer) {
    const report = await peer.rtc.getStats().catch(() => null);
    if (connection.ended || !report) return;
    const read = { server: connection.serverStats, ...connection.stats.read(report) };
    const kind = this.watched ? 'generator' : this.descriptor?.kind;
    this.#snapshot = { state: this.#state, ...read, latency: estimateLatency(read, kind) };
    this.#emit('stats', this.#snapshot);
  }

  /** @param {Connection} connection @param {FrameboxError} error */
  #finish(connection, error) {
    if (connection.ended) return;
    const { isLive } = connection;
    this.#close(connection, error);
    if (isLive) this.#emit('end', { code: error.code, message: error.message });
  }

  /** @param {Connection} connection @param {FrameboxError} error */
  #close(connection, error) {
    if (connection.ended) return;
    connection.end(error);
    connection.remove(error, () => this.#server.end(connection.paths.own));
    if (!connection.leavingPage) Promise.resolve(connection.removed).then(() => connection.logStream?.finish());
    this.#connection = null;
    this.published = null;
    this.#setState('ended');
  }

  /** @param {State} state */
  #setState(state) {
    const previous = this.#state;
    if (previous === state) return;
    this.#state = state;
    this.#emit('state', { state, previous });
  }

  /**
   * @template {keyof EventDetails} T
   * @param {T} type
   * @param {EventDetails[T]} detail
   */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
