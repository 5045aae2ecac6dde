/**
 * Framebox's browser client: the camera's video goes through a handler on a Framebox server and comes back.
 *
 * One ES module without dependencies; it touches no element of the page that imports it.
 *
 * ```js
 * import { Framebox } from 'https://my.server/framebox.js';
 *
 * const client = new Framebox({ server: 'https://my.server', handler: 'invert' });
 * client.addEventListener('track', ({ detail }) => { video.srcObject = detail.stream; });
 * client.addEventListener('values', ({ detail }) => console.log(detail.values));
 * await client.start({ constraints: { width: 1280, height: 720 } });
 * await client.set({ threshold: 40 });
 * client.stop();
 * ```
 *
 * Events are `CustomEvent`s; what they carry is in `detail`:
 *
 * | event        | detail                                                                                   |
 * |--------------|------------------------------------------------------------------------------------------|
 * | `state`      | `{ state, previous }`, see {@link State}                                                 |
 * | `input`      | `{ stream }`: what is sent                                                               |
 * | `track`      | `{ stream, track }`: the processed video                                                 |
 * | `session`    | `{ id, handler, parameters }`: what the server says the session is                       |
 * | `parameters` | `{ parameters, sequence, request? }`: all values that hold from frame `sequence` on      |
 * | `values`     | `{ sequence, pts_us, values }`: additional outputs of one frame, by id                   |
 * | `warning`    | `{ code, message, parameter?, request? }`                                                |
 * | `error`      | the same; the session goes on unless `end` follows                                       |
 * | `log`        | `{ message }`                                                                            |
 * | `stats`      | {@link Snapshot}, every `statsInterval`                                                  |
 * | `end`        | `{ code, message }`, once for each `start` that resolved: `stopped`, `finished`,         |
 * |              | `connection-lost` or `session-gone`                                                      |
 */

/**
 * `idle` before the first start, `connecting` until video can flow, `live`, `interrupted` while the connection is lost
 * but may come back, `ended`.
 * @typedef {'idle'|'connecting'|'live'|'interrupted'|'ended'} State
 */

/**
 * A handler as `GET /handlers/{name}` describes it.
 * @typedef {{name: string, kind: 'transform'|'generator'|'observer', title: string, summary: string,
 *   size: {width: number, height: number}|null, fps: number|null, parameters: object[], outputs: object[]}} Handler
 */

/**
 * What is known about a running session. Every part is null as long as it is not known.
 * @typedef {object} Snapshot
 * @property {State} state
 * @property {object|null} server The session's statistics as the server keeps them (`GET /sessions/{id}`).
 * @property {{width: number, height: number, fps: number, bitrate_bps: number, codec: string, encode_ms: number,
 *   limited: string}|null} input What this browser sends; `limited`: what holds its quality down (none, cpu, bandwidth).
 * @property {{width: number, height: number, fps: number, bitrate_bps: number, codec: string, decode_ms: number,
 *   jitter_buffer_ms: number, lost: number, freezes: number}|null} output What this browser receives.
 * @property {{round_trip_ms: number}|null} network
 * @property {{total: number, encode: number, network: number, server: number, jitter_buffer: number,
 *   decode: number}|null} latency An estimate, ms, from a captured picture to its processed one on the screen.
 */

/** After this long without a connection `start` gives up, ms. */
const CONNECT_TIMEOUT = 20_000;
/** Time between two looks whether the server still has an interrupted session, ms. */
const PROBE_INTERVAL = 1500;
/** The server is asked over HTTP after nothing came for this long, ms, where statistics are to come more often. */
const SILENCE = 3000;
/** Bytes that may wait in the data channel before changes of parameters are held back and merged. */
const CHANNEL_BACKLOG = 64 * 1024;
/** Answers to `set` that may be outstanding; the oldest is then given up. */
const MOST_REQUESTS = 128;

/**
 * Something that did not work, with a `code` for programs and a `message` for people.
 *
 * Codes: `insecure-context`, `unsupported`, `camera-missing`, `camera-refused`, `camera-busy`, `camera-unsuited`,
 * `server-unreachable`, `server-full`, `not-allowed`, `handler-unknown`, `offer-refused`, `connect-failed`, `connection-lost`,
 * `session-gone`, `not-connected`, `already-started`, `stopped`, and those of the server's own messages.
 */
export class FrameboxError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{cause?: unknown, status?: number, retryAfter?: number, limit?: number, parameter?: string}} [more]
   *   HTTP status; seconds to wait before another try; sessions that the server carries at most; parameter at fault.
   */
  constructor(code, message, { cause, ...more } = {}) {
    super(message, { cause });
    this.name = 'FrameboxError';
    this.code = code;
    Object.assign(this, more);
  }
}

/**
 * Opens a camera.
 * @param {MediaTrackConstraints} [video]
 * @returns {Promise<MediaStream>}
 * @throws {FrameboxError} `insecure-context`, `unsupported` or `camera-…`
 */
export async function openCamera(video = {}) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw window.isSecureContext
      ? new FrameboxError('unsupported', 'This browser gives no access to cameras.')
      : new FrameboxError('insecure-context', 'Browsers give access to the camera only over HTTPS or on localhost.');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video });
  } catch (cause) {
    const [code, message] = CAMERA_FAULTS[cause.name] ?? [
      'camera-busy',
      `The camera cannot be opened: ${cause.message}`,
    ];
    throw new FrameboxError(code, message, { cause });
  }
}

const CAMERA_FAULTS = {
  NotFoundError: ['camera-missing', 'No camera was found.'],
  NotAllowedError: ['camera-refused', 'Access to the camera was refused.'],
  SecurityError: ['camera-refused', 'Access to the camera is not allowed on this page.'],
  NotReadableError: ['camera-busy', 'The camera is in use by another program, or it does not answer.'],
  AbortError: ['camera-busy', 'The camera stopped before it gave a picture.'],
  OverconstrainedError: ['camera-unsuited', 'The camera cannot give what was asked of it.'],
};

/** Directions of the video as the browser sees it, by the kind of handler. */
const DIRECTIONS = { transform: 'sendrecv', generator: 'recvonly', observer: 'sendonly' };

/** A video session on a Framebox server. May be started again after it ended. */
export class Framebox extends EventTarget {
  #state = 'idle';
  #run = null;
  #snapshot = null;

  /**
   * @param {object} [options]
   * @param {string} [options.server] Address of the server; empty: relative to the page.
   * @param {string|null} [options.token] A token of the server with the scope `watch`; not needed where it is open.
   * @param {string|Handler|null} [options.handler] Its name or its description; null: the server's default.
   * @param {Object<string, unknown>} [options.parameters] Values to begin with; the others keep their defaults.
   * @param {number} [options.statsInterval] Time between two `stats` events, ms; 0: none.
   * @param {RTCIceServer[]} [options.iceServers]
   */
  constructor({ server = '', token = null, handler = null, parameters = {}, statsInterval = 1000, iceServers = [] } = {}) {
    super();
    const base = new URL(server || '.', document.baseURI);
    if (!base.pathname.endsWith('/')) base.pathname += '/';
    /** @private */ this.base = base;
    /** @private */ this.token = token;
    /** The name or description that was given. */
    this.handler = handler;
    /** @private */ this.first = { ...parameters };
    /** @private */ this.statsInterval = statsInterval;
    /** @private */ this.iceServers = iceServers;
    /** Parameters that hold, by id, as the server last said. @type {Object<string, unknown>} */
    this.parameters = {};
    /** The last value of each additional output, by id. @type {Object<string, unknown>} */
    this.values = {};
    /** Description of the running handler. @type {Handler|null} */
    this.descriptor = null;
  }

  /** @returns {State} */
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
    return this.#run?.peer ?? null;
  }

  /** The last {@link Snapshot}; null before the first. @returns {Snapshot|null} */
  stats() {
    return this.#snapshot;
  }

  /** The handlers that the server has. @returns {Promise<{handlers: Handler[], default: string}>} */
  async handlers() {
    return (await this.#fetch('handlers')).json();
  }

  /**
   * Connects, and resolves when video can flow.
   * @param {object} [options]
   * @param {MediaStream} [options.stream] What to send, the caller's to stop; default: a camera, if one is needed.
   * @param {MediaTrackConstraints} [options.constraints] For the camera that is opened.
   * @param {RTCRtpTransceiverDirection} [options.direction] Default: as the kind of the handler asks for.
   * @returns {Promise<void>}
   * @throws {FrameboxError} When it rejects, nothing stays open and no `end` event follows.
   */
  async start({ stream = null, constraints, direction } = {}) {
    if (this.#run) throw new FrameboxError('already-started', 'The session runs already.');
    if (!globalThis.RTCPeerConnection) throw new FrameboxError('unsupported', 'This browser has no WebRTC.');
    const run = (this.#run = new Run(newId()));
    this.#snapshot = null;
    this.parameters = {};
    this.values = {};
    run.wanted = { ...this.first };
    globalThis.addEventListener(
      'pagehide',
      () => {
        run.leaving = true;
        this.stop();
      },
      { signal: run.signal },
    );
    this.#become('connecting');
    try {
      this.descriptor = typeof this.handler === 'object' && this.handler ? this.handler : null;
      if (!direction) {
        this.descriptor ??= await this.#describe(run);
        direction = DIRECTIONS[this.descriptor.kind] ?? 'sendrecv';
      }
      if (direction !== 'recvonly') {
        const input = stream ?? (await openCamera(constraints ?? camera(this.descriptor)));
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
   * Sets parameters. Calls within one animation frame are merged, only the latest value of each is sent.
   * @param {Object<string, unknown>} parameters Values by id.
   * @returns {Promise<{parameters: Object<string, unknown>, sequence: number}>} All values that hold, and the first
   *   frame that they hold for. May be ignored: a rejection that nobody handles is not reported.
   */
  set(parameters) {
    const run = this.#run;
    if (!run) return refused();
    Object.assign(run.wanted, parameters);
    run.answer ??= deferred();
    this.#flushSoon(run);
    return run.answer.promise;
  }

  /**
   * Presses a button. Every press is sent, none is merged with another.
   * @param {string} id
   * @returns {Promise<{parameters: Object<string, unknown>, sequence: number}>}
   */
  press(id) {
    const run = this.#run;
    if (run?.channel?.readyState !== 'open') return refused();
    return run.request({ [id]: true }, deferred());
  }

  /** Whether a value of this parameter is on its way and not answered. @param {string} id @returns {boolean} */
  isPending(id) {
    const run = this.#run;
    if (!run) return false;
    return id in run.wanted || [...run.requests.values()].some(({ parameters }) => id in parameters);
  }

  /**
   * Sends another track (another camera, say) without a new session.
   * @param {MediaStreamTrack} track
   */
  async replaceTrack(track) {
    const run = this.#run;
    if (!run?.sender) throw new FrameboxError('not-connected', 'No video is sent.');
    track.contentHint = 'motion';
    await run.sender.replaceTrack(track);
    if (run.ownsInput) stopTracks(run.input);
    run.ownsInput = false;
    run.input = new MediaStream([track]);
    this.#emit('input', { stream: run.input });
  }

  async #describe(run) {
    if (this.handler) {
      const path = `handlers/${encodeURIComponent(this.handler)}`;
      return (await this.#fetch(path, { signal: run.signal })).json();
    }
    const all = await (await this.#fetch('handlers', { signal: run.signal })).json();
    const found = all.handlers.find(({ name }) => name === all.default) ?? all.handlers[0];
    if (!found) throw new FrameboxError('handler-unknown', 'The server has no handlers.');
    return found;
  }

  async #connect(run, direction) {
    const peer = (run.peer = new RTCPeerConnection({ iceServers: this.iceServers, bundlePolicy: 'max-bundle' }));
    const track = run.input?.getVideoTracks()[0];
    if (direction !== 'recvonly' && !track) throw new FrameboxError('camera-missing', 'The stream has no video.');
    if (track) track.contentHint = 'motion';
    const transceiver = peer.addTransceiver(track ?? 'video', { direction, streams: run.input ? [run.input] : [] });
    preferH264(transceiver);
    if (direction !== 'recvonly') run.sender = transceiver.sender;

    peer.addEventListener('track', (event) => {
      // Show each picture as soon as it is complete.
      event.receiver.jitterBufferTarget = 0;
      run.output = new MediaStream([event.track]);
      this.#emit('track', { stream: run.output, track: event.track });
    });
    peer.addEventListener('icecandidate', ({ candidate }) => this.#trickle(run, candidate));
    peer.addEventListener('connectionstatechange', () => this.#connectionChanged(run));
    this.#openChannel(run);

    await peer.setLocalDescription(await peer.createOffer());
    run.check();
    if (run.sender) await keepResolution(run.sender);
    const name = this.descriptor?.name ?? this.handler;
    run.offerPath = `webrtc/offer${name ? `?handler=${encodeURIComponent(name)}` : ''}`;
    const { type, sdp } = peer.localDescription;
    // An offer on its way is never aborted: the server might take it after the DELETE that was to undo it.
    run.offer = this.#post(run, { sdp, type, webrtc_id: run.id }, null);
    const response = await run.offer;
    const answer = await response.json();
    run.check();
    if (!answer.sdp) throw refusal(response, answer);
    await peer.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    run.check();
    run.answered = true;
    for (const candidate of run.early.splice(0)) this.#trickle(run, candidate);
    run.deadline = setTimeout(() => this.#finish(run, lost(run)), CONNECT_TIMEOUT);
  }

  /** A candidate may overtake the offer that it belongs to; one that the server cannot place goes again later. */
  async #trickle(run, candidate) {
    if (run.over) return;
    const { candidate: line = '', sdpMid = '0', sdpMLineIndex = 0 } = candidate ?? {};
    const body = { type: 'ice-candidate', webrtc_id: run.id, candidate: { candidate: line, sdpMid, sdpMLineIndex } };
    const early = !run.answered;
    const taken = await this.#post(run, body)
      .then(async (response) => (await response.json()).status !== 'failed')
      .catch(() => false);
    if (taken || !early) return;
    if (run.answered) this.#trickle(run, candidate);
    else run.early.push(candidate);
  }

  #openChannel(run) {
    const channel = (run.channel = run.peer.createDataChannel('text'));
    channel.addEventListener('open', () => {
      if (this.statsInterval) {
        channel.send(JSON.stringify({ type: 'subscribe', stats_ms: this.statsInterval }));
        run.timer = setInterval(() => {
          this.#measure(run);
          if (this.#isSilent(run)) this.#probe(run);
        }, this.statsInterval);
      }
      this.#flushSoon(run);
    });
    channel.addEventListener('message', ({ data }) => this.#receive(run, data));
    channel.addEventListener('close', () => {
      this.#finish(run, new FrameboxError('connection-lost', 'The server closed the connection.'));
    });
  }

  #connectionChanged(run) {
    if (run.over) return;
    switch (run.peer.connectionState) {
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
        this.#finish(run, lost(run));
    }
  }

  /** Whether nothing comes from the server although something should. */
  #isSilent(run) {
    const patience = Math.max(SILENCE, 3 * this.statsInterval);
    return (
      run.peer.connectionState === 'disconnected' ||
      (this.statsInterval > 0 && performance.now() - run.heard > patience)
    );
  }

  /** A server that stopped or was restarted shows over HTTP at once; ICE alone would take a long while to tell. */
  async #probe(run) {
    if (run.probing || !run.known) return;
    run.probing = true;
    while (!run.over && this.#isSilent(run)) {
      try {
        const response = await fetch(new URL(`sessions/${run.id}`, this.base), {
          headers: this.#headers(),
          signal: run.signal,
          cache: 'no-store',
        });
        if (response.status === 404 || (response.ok && (await response.json()).state === 'ended')) {
          this.#finish(run, new FrameboxError('session-gone', 'The server no longer has this session.'));
        }
      } catch {
        // Neither way is there an answer; the connection may still come back.
        if (!run.over) this.#become('interrupted');
      }
      await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL));
    }
    run.probing = false;
    if (!run.over && run.peer.connectionState === 'connected') this.#become('live');
  }

  #receive(run, text) {
    run.heard = performance.now();
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (run.over || !message || typeof message !== 'object') return;
    switch (message.type) {
      case 'session':
        run.known = true;
        this.descriptor = message.data.handler ?? this.descriptor;
        this.parameters = message.data.parameters ?? {};
        this.#emit('session', message.data);
        break;
      case 'stats':
        run.server = message.data;
        break;
      case 'parameters': {
        const { parameters, sequence, request } = message;
        this.parameters = parameters;
        run.settle(request, { parameters, sequence });
        this.#emit('parameters', { parameters, sequence, request });
        break;
      }
      case 'values':
        Object.assign(this.values, message.values);
        this.#emit('values', { sequence: message.sequence, pts_us: message.pts_us, values: message.values });
        break;
      case 'warning':
      case 'error':
        this.#emit(message.type, this.#complaint(run, message));
        break;
      case 'log':
        this.#emit('log', { message: String(message.data) });
        break;
      case 'end_stream':
        this.#finish(run, new FrameboxError('finished', String(message.data || 'The stream is over.')));
    }
  }

  /** A complaint about a parameter names it, so that it can be shown where the value was given. */
  #complaint(run, { message, data, code = 'server', request }) {
    const detail = { code, message: String(message ?? data) };
    if (request !== undefined) detail.request = request;
    const sent = run.requests.get(request)?.parameters;
    const named = /^([a-z0-9_-]{1,64}): (.+)$/s.exec(detail.message);
    const known = (id) => (sent && id in sent) || this.descriptor?.parameters?.some((parameter) => parameter.id === id);
    if (named && known(named[1])) {
      [, detail.parameter, detail.message] = named;
    } else if (sent && Object.keys(sent).length === 1) {
      [detail.parameter] = Object.keys(sent);
    }
    run.refuse(request, new FrameboxError(code, detail.message, { parameter: detail.parameter }));
    return detail;
  }

  /** Waits for the next animation frame; a timer helps where none comes, as in a hidden tab. */
  #flushSoon(run, delay = 50) {
    if (run.flushing || run.channel?.readyState !== 'open' || !Object.keys(run.wanted).length) return;
    run.flushing = true;
    const flush = () => {
      if (!run.flushing) return;
      run.flushing = false;
      if (run.channel.readyState !== 'open') return;
      if (run.channel.bufferedAmount > CHANNEL_BACKLOG) {
        this.#flushSoon(run, 200);
        return;
      }
      const { wanted, answer } = run;
      run.wanted = {};
      run.answer = null;
      run.request(wanted, answer ?? deferred());
    };
    setTimeout(flush, delay);
    if (delay <= 50) requestAnimationFrame(flush);
  }

  async #measure(run) {
    const report = await run.peer.getStats().catch(() => null);
    if (run.over || !report) return;
    this.#snapshot = { state: this.#state, server: run.server, ...run.meter.read(report) };
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
    if (run.offer && !nothingThere) {
      const address = new URL(`sessions/${encodeURIComponent(run.id)}`, this.base);
      // `keepalive` lets it through while the page is being closed.
      const remove = () => fetch(address, { method: 'DELETE', headers: this.#headers(), keepalive: true });
      run.gone = (run.leaving ? remove() : run.offer.then(remove)).catch(() => {});
    }
    this.#run = null;
    this.#become('ended');
  }

  async #post(run, body, signal = run.signal) {
    return this.#fetch(run.offerPath ?? 'webrtc/offer', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
  }

  async #fetch(path, init) {
    let response;
    try {
      response = await fetch(new URL(path, this.base), { ...init, headers: this.#headers(init?.headers) });
    } catch (cause) {
      if (init?.signal?.aborted) throw init.signal.reason;
      throw new FrameboxError('server-unreachable', 'The server does not answer.', { cause });
    }
    if (response.ok) return response;
    throw refusal(response, await response.json().catch(() => null));
  }

  /** Headers of every request: by the token the server knows who asks. */
  #headers(headers = {}) {
    return this.token ? { ...headers, Authorization: `Bearer ${this.token}` } : headers;
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

/** All that belongs to one `start`, up to its end. */
class Run {
  #abort = new AbortController();
  #number = 0;

  constructor(id) {
    this.id = id;
    this.signal = this.#abort.signal;
    this.meter = new Meter();
    this.early = []; // candidates that the server could not place
    this.wanted = {}; // values to be sent with the next message
    this.requests = new Map(); // number -> what was asked and who waits for the answer
    const { promise, resolve, reject } = deferred();
    this.live = promise;
    this.goLive = resolve;
    this.notLive = reject;
  }

  get over() {
    return this.signal.aborted;
  }

  check() {
    this.signal.throwIfAborted();
  }

  request(parameters, answer) {
    const request = ++this.#number;
    if (this.requests.size === MOST_REQUESTS) {
      const [oldest] = this.requests.keys();
      this.refuse(oldest, new FrameboxError('not-connected', 'The server did not answer.'));
    }
    this.requests.set(request, { parameters, answer });
    this.channel.send(JSON.stringify({ type: 'set_parameters', parameters, request }));
    return answer.promise;
  }

  /** Answers come in the order of the requests: what is older and has none was taken along. */
  settle(request, result) {
    if (request === undefined) return;
    for (const [number, { answer }] of this.requests) {
      if (number > request) break;
      this.requests.delete(number);
      answer.resolve(result);
    }
  }

  refuse(request, problem) {
    this.requests.get(request)?.answer.reject(problem);
    this.requests.delete(request);
  }

  end(problem) {
    if (this.over) return;
    this.#abort.abort(problem);
    clearTimeout(this.deadline);
    clearInterval(this.timer);
    this.notLive(problem);
    this.answer?.reject(problem);
    for (const { answer } of this.requests.values()) answer.reject(problem);
    this.requests.clear();
    this.channel?.close();
    this.peer?.close();
    if (this.ownsInput) stopTracks(this.input);
  }
}

/** Turns the ever-growing counters of `getStats` into rates and means since the reading before. */
class Meter {
  #before = new Map();

  read(report) {
    const codecs = new Map();
    for (const entry of report.values()) if (entry.type === 'codec') codecs.set(entry.id, entry.mimeType.split('/')[1]);
    const result = { input: null, output: null, network: null };
    for (const entry of report.values()) {
      if (entry.type === 'outbound-rtp' && entry.kind === 'video' && entry.framesEncoded) {
        result.input = {
          ...this.#common(entry, codecs, 'bytesSent', 'framesEncoded'),
          encode_ms: this.#mean(entry, 'totalEncodeTime', 'framesEncoded'),
          limited: entry.qualityLimitationReason ?? 'none',
        };
      } else if (entry.type === 'inbound-rtp' && entry.kind === 'video' && entry.framesDecoded) {
        result.output = {
          ...this.#common(entry, codecs, 'bytesReceived', 'framesDecoded'),
          decode_ms: this.#mean(entry, 'totalDecodeTime', 'framesDecoded'),
          jitter_buffer_ms: this.#mean(entry, 'jitterBufferDelay', 'jitterBufferEmittedCount'),
          lost: entry.packetsLost ?? 0,
          freezes: entry.freezeCount ?? 0,
        };
      } else if (entry.type === 'candidate-pair' && entry.nominated && entry.currentRoundTripTime !== undefined) {
        result.network = { round_trip_ms: entry.currentRoundTripTime * 1000 };
      }
    }
    for (const entry of report.values()) this.#before.set(entry.id, entry);
    return result;
  }

  #common(entry, codecs, bytes, frames) {
    return {
      width: entry.frameWidth,
      height: entry.frameHeight,
      fps: this.#rate(entry, frames),
      bitrate_bps: this.#rate(entry, bytes, 8),
      codec: codecs.get(entry.codecId) ?? null,
    };
  }

  #since(entry, key) {
    return (entry[key] ?? 0) - (this.#before.get(entry.id)?.[key] ?? 0);
  }

  /** A second, once there are two readings. */
  #rate(entry, key, each = 1) {
    const seconds = this.#since(entry, 'timestamp') / 1000;
    return this.#before.has(entry.id) && seconds > 0 ? (each * this.#since(entry, key)) / seconds : null;
  }

  /** Milliseconds for each one. */
  #mean(entry, time, count) {
    const each = this.#since(entry, count);
    return each > 0 ? (1000 * this.#since(entry, time)) / each : 0;
  }
}

/** A connection that failed: before it carried anything, or after. */
function lost(run) {
  return run.isLive
    ? new FrameboxError('connection-lost', 'The connection to the server was lost.')
    : new FrameboxError('connect-failed', 'No connection for video came about: its UDP packets do not get through.');
}

/** The way of a picture, added up; null as long as the parts that matter are not known. */
function latency({ server, input, output, network }, kind) {
  const stages = server?.stages_ms;
  if (!stages || !network) return null;
  const one = (name) => stages[name]?.p50 ?? 0;
  const parts = {
    encode: input?.encode_ms ?? 0,
    network: kind === 'generator' ? network.round_trip_ms / 2 : network.round_trip_ms,
    server: one('total') || one('decode') + one('wait') + one('handler') + one('encode'),
    jitter_buffer: output?.jitter_buffer_ms ?? 0,
    decode: output?.decode_ms ?? 0,
  };
  return { ...parts, total: Object.values(parts).reduce((sum, part) => sum + part, 0) };
}

/** An answer other than success, as an error that says what to do. */
function refusal(response, body) {
  const status = response.status;
  const reason = body?.meta?.error;
  const detail = body?.detail ?? body?.title ?? (typeof reason === 'string' ? reason : null);
  if (status === 503 || reason === 'concurrency_limit_reached') {
    const retryAfter = Number(response.headers.get('Retry-After')) || undefined;
    const limit = body?.meta?.limit;
    return new FrameboxError('server-full', 'The server carries as many sessions as it can.', {
      status,
      retryAfter,
      limit,
    });
  }
  if (status === 401 || status === 403)
    return new FrameboxError('not-allowed', detail ?? 'The server takes a token.', { status });
  if (status === 404)
    return new FrameboxError('handler-unknown', detail ?? 'The server has no such handler.', { status });
  return new FrameboxError('offer-refused', detail ?? `The server answered with status ${status}.`, { status });
}

/** Constraints that suit a handler. */
function camera(handler) {
  const { width, height } = handler?.size ?? { width: 1280, height: 720 };
  return { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: handler?.fps ?? 30 } };
}

/** H.264 first, of it the profile and packetisation that every server understands; the others stay as a choice. */
function preferH264(transceiver) {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.('video')?.codecs;
  if (!codecs || !transceiver.setCodecPreferences) return;
  const rank = ({ mimeType, sdpFmtpLine = '' }) => {
    if (mimeType.toLowerCase() !== 'video/h264') return 3;
    if (!sdpFmtpLine.includes('packetization-mode=1')) return 2;
    return /profile-level-id=42[ce]0/i.test(sdpFmtpLine) ? 0 : 1;
  };
  try {
    transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
  } catch {
    // The browser's own order is good, too.
  }
}

/** When bandwidth is short, the handler is given fewer pictures rather than smaller ones. */
async function keepResolution(sender) {
  try {
    await sender.setParameters({ ...sender.getParameters(), degradationPreference: 'maintain-resolution' });
  } catch {
    // Not every browser has it.
  }
}

function stopTracks(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

function deferred() {
  const parts = {};
  parts.promise = quiet(new Promise((resolve, reject) => Object.assign(parts, { resolve, reject })));
  return parts;
}

/** What asks of a session that does not run is told. */
function refused() {
  return quiet(Promise.reject(new FrameboxError('not-connected', 'No session runs.')));
}

/** A promise whose rejection need not be handled. */
function quiet(promise) {
  promise.catch(() => {});
  return promise;
}

/** A random UUID; `crypto.randomUUID` exists in secure contexts only. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
