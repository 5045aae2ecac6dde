/**
 * Framebox's browser client: video goes through a handler on a Framebox server and comes back, or comes from it, or
 * only goes there.
 *
 * One ES module to import, without dependencies (its parts lie beside it, in `client/`); it touches no element of the
 * page that imports it.
 *
 * ```js
 * import { Framebox, connect } from 'https://my.server/framebox.js';
 *
 * const client = new Framebox({ server: 'https://my.server', handler: 'invert' });
 * client.addEventListener('track', ({ detail }) => { video.srcObject = detail.stream; });
 * client.addEventListener('values', ({ detail }) => console.log(detail.values));
 * await client.start({ constraints: { width: 1280, height: 720 } });
 * await client.set({ threshold: 40 });
 * client.stop();
 *
 * // A handler that makes its own video asks for no camera. The same in one call:
 * const player = await connect({
 *   server: 'https://my.server', handler: 'play', fps: 25,
 *   onTrack: ({ stream }) => { video.srcObject = stream; },
 *   onLog: ({ level, message }) => console.log(level, message),
 *   onEnd: ({ message }) => console.log(message),
 * });
 * ```
 *
 * Events are `CustomEvent`s; what they carry is in `detail`:
 *
 * | event        | detail                                                                                   |
 * |--------------|------------------------------------------------------------------------------------------|
 * | `state`      | `{ state, previous }`, see `State` in `client/types.js`                                  |
 * | `input`      | `{ stream }`: what is sent                                                               |
 * | `track`      | `{ stream, track }`: the processed video                                                 |
 * | `session`    | `{ id, handler, parameters }`: what the server says the session is                       |
 * | `swap`       | `{ handler, parameters, from, version, sequence }`: another version runs from frame       |
 * |              | `sequence` on                                                                            |
 * | `build`      | `{ state, message }`: its author builds the next version; `running`, `failed` or `done`  |
 * | `parameters` | `{ parameters, sequence, request? }`: all values that hold from frame `sequence` on      |
 * | `values`     | `{ sequence, pts_us, values }`: additional outputs of one frame, by id                   |
 * | `warning`    | `{ code, message, parameter?, request? }`                                                |
 * | `error`      | the same; the session goes on unless `end` follows                                       |
 * | `log`        | `{ n, at_ms, level, message, dropped }`: a line of the handler's log, with the option    |
 * |              | `log`; `dropped`: lines before it that are lost                                          |
 * | `frames`     | `{ frames }`: what became of each frame since the event before, with the option `frames` |
 * | `policy`     | `{ policy, unprocessed }`: which frames are given to the handler, after a change         |
 * | `stats`      | `Snapshot` of `client/types.js`, every `statsInterval`                                   |
 * | `end`        | `{ code, message }`, once for each `start` that resolved: `stopped`, `finished`,         |
 * |              | `connection-lost` or `session-gone`                                                      |
 */

import { openCamera, stopTracks, suiting } from './client/camera.js';
import { Catalog } from './client/catalog.js';
import { FrameboxError, lost } from './client/fault.js';
import { receive } from './client/inbox.js';
import { Link } from './client/link.js';
import { latency } from './client/meter.js';
import { quiet } from './client/promise.js';
import { Run } from './client/run.js';
import { Server } from './client/server.js';
import { Session } from './client/session.js';
import { Tail } from './client/tail.js';

export { FrameboxError, openCamera };

/** After this long without a connection `start` gives up, ms. */
const CONNECT_TIMEOUT = 20_000;
/** Time between two looks whether the server still has an interrupted session, ms. */
const PROBE_INTERVAL = 1500;
/** The server is asked over HTTP after nothing came for this long, ms, where statistics are to come more often. */
const SILENCE = 3000;
/** Statistics that nobody asked for come with the log at their slowest, ms. */
const SELDOM = 60_000;

/** Directions of the video as the browser sees it, by the kind of handler. */
const DIRECTIONS = { transform: 'sendrecv', generator: 'recvonly', observer: 'sendonly' };

/**
 * Makes a client and starts it.
 * @param {import('./client/types.js').Options & import('./client/types.js').StartOptions} [options]
 * @returns {Promise<Framebox>} Once video can flow.
 * @throws {FrameboxError} Nothing stays open then.
 */
export async function connect({ stream, constraints, direction, ...options } = {}) {
  const client = new Framebox(options);
  await client.start({ stream, constraints, direction });
  return client;
}

/** A video session on a Framebox server. May be started again after it ended. */
export class Framebox extends Session {
  #state = 'idle';
  #run = null;
  #snapshot = null;
  #server;
  #options;

  /** @param {import('./client/types.js').Options} [options] */
  constructor({ server = '', token = null, handler = null, ...options } = {}) {
    const at = new Server(server, token);
    super(at);
    this.#server = at;
    this.#options = { parameters: {}, statsInterval: 1000, iceServers: [], ...options };
    for (const [name, react] of Object.entries(options)) {
      const [, type] = /^on([A-Z][a-z]+)$/.exec(name) ?? [];
      if (type && typeof react === 'function')
        this.addEventListener(type.toLowerCase(), ({ detail }) => react(detail));
    }
    /** The name or description that was given. */
    this.handler = handler;
    /** Parameters that hold, by id, as the server last said. @type {Object<string, unknown>} */
    this.held = {};
    /** The last value of each additional output, by id. @type {Object<string, unknown>} */
    this.values = {};
    /** Description of the running handler. @type {import('./client/types.js').Handler|null} */
    this.descriptor = null;
  }

  /** @returns {import('./client/types.js').State} */
  get state() {
    return this.#state;
  }

  /** Identifier of the session, also the server's; null when none runs. @returns {string|null} */
  get id() {
    return this.#run?.id ?? null;
  }

  /** The processed video. @returns {MediaStream|null} */
  get stream() {
    return this.#run?.output ?? null;
  }

  /** What is sent. @returns {MediaStream|null} */
  get input() {
    return this.#run?.input ?? null;
  }

  /** The connection itself, for what this class does not cover. @returns {RTCPeerConnection|null} */
  get peer() {
    return this.#run?.link?.peer ?? null;
  }

  /** The last `Snapshot`; null before the first. @returns {import('./client/types.js').Snapshot|null} */
  stats() {
    return this.#snapshot;
  }

  /** Versions of handlers on the server. @returns {Catalog} */
  get catalog() {
    return new Catalog(this.#server);
  }

  /**
   * The handlers that the server has.
   * @returns {Promise<{handlers: import('./client/types.js').Handler[], default: string}>}
   */
  handlers() {
    return this.#server.handlers();
  }

  /**
   * Connects, and resolves when video can flow. No camera is asked for where the handler takes no video.
   * @param {import('./client/types.js').StartOptions} [options]
   * @returns {Promise<void>}
   * @throws {FrameboxError} When it rejects, nothing stays open and no `end` event follows.
   */
  async start({ stream = null, constraints, direction } = {}) {
    if (this.#run) throw new FrameboxError('already-started', 'The session runs already.');
    if (!globalThis.RTCPeerConnection) throw new FrameboxError('unsupported', 'This browser has no WebRTC.');
    const run = (this.#run = new Run(this.#options.parameters));
    run.finish = (problem) => this.#finish(run, problem);
    this.#snapshot = null;
    this.held = {};
    this.values = {};
    const leave = () => {
      run.leaving = true;
      this.stop();
    };
    globalThis.addEventListener('pagehide', leave, { signal: run.signal });
    this.#become('connecting');
    try {
      this.descriptor = typeof this.handler === 'object' ? this.handler : null;
      if (!direction) {
        this.descriptor ??= await this.#server.handler(this.handler, run.signal);
        direction = DIRECTIONS[this.descriptor.kind] ?? 'sendrecv';
      }
      if (direction !== 'recvonly') {
        const input = stream ?? (await openCamera(constraints ?? suiting(this.descriptor)));
        if (!stream && run.over) stopTracks(input);
        run.check();
        run.input = input;
        run.ownsInput = !stream;
        this.#emit('input', { stream: input });
      }
      await this.#connect(run, direction);
      await run.live;
    } catch (problem) {
      this.#close(run, problem);
      throw problem;
    }
  }

  /**
   * Ends the session: here at once, on the server by the time the promise resolves. It never rejects.
   * @returns {Promise<void>}
   */
  async stop() {
    const run = this.#run;
    if (run) this.#finish(run, new FrameboxError('stopped', 'The session was stopped.'));
    await run?.gone;
  }

  /**
   * Sets parameters, as a person moves a slider: calls within one animation frame are merged, only the latest value of
   * each is sent.
   * @param {Object<string, unknown>} parameters Values by id.
   * @returns {Promise<{parameters: Object<string, unknown>, sequence: number}>} All values that hold, and the first
   *   frame that they hold for. May be ignored: a rejection that nobody handles is not reported.
   */
  set(parameters) {
    return this.#run?.want(parameters) ?? notRunning();
  }

  /**
   * Presses a button. Every press is sent, none is merged with another.
   * @param {string} id
   * @returns {Promise<{parameters: Object<string, unknown>, sequence: number}>}
   */
  press(id) {
    const run = this.#run;
    return run?.link?.isOpen ? run.request({ [id]: true }) : notRunning();
  }

  /** Whether a value of this parameter is on its way and not answered. @param {string} id @returns {boolean} */
  isPending(id) {
    return this.#run?.isPending(id) ?? false;
  }

  /**
   * Sends another track (another camera, say) without a new session.
   * @param {MediaStreamTrack} track
   */
  async replaceTrack(track) {
    const run = this.#run;
    if (!run?.link) throw new FrameboxError('not-connected', 'No session runs.');
    await run.link.replaceTrack(track);
    if (run.ownsInput) stopTracks(run.input);
    run.ownsInput = false;
    run.input = new MediaStream([track]);
    this.#emit('input', { stream: run.input });
  }

  async #connect(run, direction) {
    const link = (run.link = new Link(this.#server, run.id, run.signal, this.#options.iceServers));
    link.peer.addEventListener('track', (event) => {
      // Show each picture as soon as it is complete.
      event.receiver.jitterBufferTarget = 0;
      run.output = new MediaStream([event.track]);
      this.#emit('track', { stream: run.output, track: event.track });
    });
    link.peer.addEventListener('connectionstatechange', () => this.#connectionChanged(run));
    link.channel.addEventListener('open', () => this.#opened(run));
    link.channel.addEventListener('message', ({ data }) =>
      receive(run, data, this, (type, detail) => this.#emit(type, detail)),
    );
    link.channel.addEventListener('close', () => {
      this.#finish(run, new FrameboxError('connection-lost', 'The server closed the connection.'));
    });
    const { fps, policy, unprocessed } = this.#options;
    await link.open(run.input, direction, {
      handler: this.descriptor?.name ?? this.handler,
      fps,
      policy,
      unprocessed,
    });
    run.deadline = setTimeout(() => this.#finish(run, lost(run.isLive)), CONNECT_TIMEOUT);
  }

  #opened(run) {
    const { statsInterval, frames = false, log = Boolean(this.#options.onLog) } = this.#options;
    if (statsInterval || log)
      run.link.send({ type: 'subscribe', stats_ms: statsInterval || SELDOM, log, frames: frames && statsInterval > 0 });
    if (statsInterval) {
      run.timer = setInterval(() => {
        this.#measure(run);
        if (this.#isSilent(run)) this.#probe(run);
      }, statsInterval);
    }
    if (log) {
      const after = (line) => this.#server.about(run.id, `/log?after=${line}`);
      run.tail = new Tail(after, (line) => this.#emit('log', line));
      run.tail.fill();
    }
    run.flushSoon();
  }

  #connectionChanged(run) {
    if (run.over) return;
    switch (run.link.peer.connectionState) {
      case 'connected':
        clearTimeout(run.deadline);
        this.#become('live');
        run.isLive = true;
        run.goLive();
        break;
      case 'disconnected':
        this.#become('interrupted');
        this.#probe(run);
        break;
      case 'failed':
      case 'closed':
        this.#finish(run, lost(run.isLive));
    }
  }

  /** Whether nothing comes from the server although something should. */
  #isSilent(run) {
    const { statsInterval } = this.#options;
    const patience = Math.max(SILENCE, 3 * statsInterval);
    return (
      run.link.peer.connectionState === 'disconnected' ||
      (statsInterval > 0 && performance.now() - run.heard > patience)
    );
  }

  /** A server that stopped or was restarted shows over HTTP at once; ICE alone would take a long while to tell. */
  async #probe(run) {
    if (run.probing || !run.known) return;
    run.probing = true;
    while (!run.over && this.#isSilent(run)) {
      try {
        const { state } = await this.#server.about(run.id, '', { signal: run.signal });
        if (state === 'ended') throw new FrameboxError('session-gone', 'The session is over.');
      } catch ({ code }) {
        if (code === 'session-gone')
          this.#finish(run, new FrameboxError('session-gone', 'The server no longer has this session.'));
        // Neither way is there an answer; the connection may still come back.
        else if (!run.over) this.#become('interrupted');
      }
      await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL));
    }
    run.probing = false;
    if (!run.over && run.link.peer.connectionState === 'connected') this.#become('live');
  }

  async #measure(run) {
    const report = await run.link.peer.getStats().catch(() => null);
    if (run.over || !report) return;
    this.#snapshot = { state: this.#state, server: run.server ?? null, ...run.meter.read(report) };
    this.#snapshot.latency = latency(this.#snapshot, this.descriptor?.kind);
    this.#emit('stats', this.#snapshot);
  }

  #finish(run, problem) {
    if (run.over) return;
    const { isLive } = run;
    this.#close(run, problem);
    if (isLive) this.#emit('end', { code: problem.code, message: problem.message });
  }

  #close(run, problem) {
    if (run.over) return;
    run.end(problem);
    const nothingThere = problem.status || ['finished', 'session-gone', 'server-unreachable'].includes(problem.code);
    const { offer } = run.link ?? {};
    if (offer && !nothingThere) {
      const remove = () => this.#server.remove(run.id);
      run.gone = (run.leaving ? remove() : offer.then(remove)).catch(() => {});
    }
    if (!run.leaving) Promise.resolve(run.gone).then(() => run.tail?.finish());
    this.#run = null;
    this.#become('ended');
  }

  #become(state) {
    const previous = this.#state;
    if (previous === state) return;
    this.#state = state;
    this.#emit('state', { state, previous });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** What asks of a session that does not run is told. */
function notRunning() {
  return quiet(Promise.reject(new FrameboxError('not-connected', 'No session runs.')));
}
