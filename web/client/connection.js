/** The state of a session from one `start` to its end. */

/** @import { Applied, Ice, ServerStats, Values } from './types.js' */
/** @import { Deferred } from './promise.js' */
/** @import { LogStream } from './log-stream.js' */
/** @import { Peer } from './peer.js' */
/** @import { Session } from './session.js' */

import { openCamera, stopTracks } from './camera.js';
import { FrameboxError } from './errors.js';
import { newId } from './id.js';
import { deferred, ignoreRejection } from './promise.js';
import { Recovery } from './recovery.js';
import { sessionPath, streamPath } from './server.js';
import { StatsReader } from './stats.js';

/** Requests that may wait for an answer; of more, the oldest is rejected. */
const MAX_REQUESTS = 128;
/** Time without a message after which the connection counts as silent, ms, where statistics come more often. */
const SILENCE = 3000;
/** Bytes that may wait in the data channel before further changes of parameters are held back and merged. */
const CHANNEL_BACKLOG = 64 * 1024;

export class Connection {
  #abort = new AbortController();
  #lastRequest = 0;
  /** @type {() => Promise<Ice & {until: number}>} */
  #askForIce = async () => ({ iceServers: [], ttl: null, until: Infinity });
  #ice = this.#askForIce();
  /** Requests without an answer, by number. @type {Map<number, {parameters: Values, result: Deferred<Applied>}>} */
  #requests = new Map();
  /** Values for the next request. @type {Values} */
  #queued;
  /** The result of the next request. @type {Deferred<Applied>|null} */
  #queuedResult = null;
  #flushing = false;
  /** @type {Deferred<void>} */
  #live = deferred();

  /**
   * @param {Values} parameters Values to start with.
   * @param {string|null} watched Name of the stream, for a viewer of one.
   */
  constructor(parameters, watched) {
    this.id = newId();
    /** Where offers go, who helps to connect, and what is ended here. */
    this.paths = pathsOf(this.id, watched);
    this.signal = this.#abort.signal;
    this.stats = new StatsReader();
    this.#queued = withoutPrototype(parameters);
    /** Ends the session because of an error. @type {(error: FrameboxError) => void} */
    this.finish = () => {};
    /** @type {Peer|null} */
    this.peer = null;
    /** @type {LogStream|null} */
    this.logStream = null;
    /** What is sent. @type {MediaStream|null} */
    this.input = null;
    /** Whether `input` was opened here, and is to be stopped here. */
    this.ownsInput = false;
    /** What is received. @type {MediaStream|null} */
    this.output = null;
    this.isLive = false;
    /** Whether the server described the session, so that it certainly exists there. */
    this.confirmed = false;
    /** When the last message of the server arrived, ms. */
    this.lastMessageAt = performance.now();
    /** The server's most recent statistics. @type {ServerStats|null} */
    this.serverStats = null;
    /** Whether the page is being left, where nothing can be awaited any more. */
    this.leavingPage = false;
    /** Whether the server is being asked if it still has the session. */
    this.probing = false;
    /** Stops waiting for the server's word on why there is no connection. */
    this.stopWaiting = () => {};
    /** Fails the start when no connection is established in time. @type {number|undefined} */
    this.connectTimer = undefined;
    /** @type {number|undefined} */
    this.statsTimer = undefined;
    /** Resolves when the session was removed from the server. @type {Promise<unknown>|null} */
    this.removed = null;
  }

  /** Resolves once video can flow. */
  get live() {
    return this.#live.promise;
  }

  get ended() {
    return this.signal.aborted;
  }

  throwIfEnded() {
    this.signal.throwIfAborted();
  }

  becomeLive() {
    this.isLive = true;
    this.#live.resolve();
  }

  /**
   * Whether nothing arrives from the server although something should.
   * @param {number} statsInterval Time between two statistics, ms; 0: none are sent.
   */
  isSilent(statsInterval) {
    const longest = Math.max(SILENCE, 3 * statsInterval);
    return (
      ['disconnected', 'failed'].includes(this.peer?.rtc.connectionState ?? '') ||
      (statsInterval > 0 && performance.now() - this.lastMessageAt > longest)
    );
  }

  /**
   * Queues values for the next request, which carries only the latest of each.
   * @param {Values} values
   * @returns {Promise<Applied>}
   */
  queue(values) {
    Object.assign(this.#queued, values);
    this.#queuedResult ??= deferred();
    this.flushSoon();
    return this.#queuedResult.promise;
  }

  /**
   * Takes what is to be sent, or opens a camera.
   * @param {MediaStream|null} given
   * @param {MediaTrackConstraints} constraints For the camera.
   */
  async openInput(given, constraints) {
    const input = given ?? (await openCamera(constraints));
    if (!given && this.ended) stopTracks(input);
    this.throwIfEnded();
    this.input = input;
    this.ownsInput = !given;
    return input;
  }

  /** Sends another track in place of the one that is sent. @param {MediaStreamTrack} track */
  async replaceTrack(track) {
    await this.peer?.replaceTrack(track);
    if (this.ownsInput) stopTracks(this.input);
    this.ownsInput = false;
    this.input = new MediaStream([track]);
    return this.input;
  }

  /**
   * Asks for the servers that help to connect.
   * @param {() => Promise<Ice>} ask
   * @param {RTCIceServer[]|null} given In their place.
   */
  askForIce(ask, given) {
    this.#askForIce = async () => {
      const ice = await ask();
      const until = ice.ttl === null ? Infinity : performance.now() + 500 * ice.ttl;
      return { ...ice, iceServers: given ?? ice.iceServers, until };
    };
    this.#ice = this.#askForIce();
  }

  /** The servers that help to connect. @returns {Promise<RTCIceServer[]>} */
  async iceServers() {
    return (await this.#ice).iceServers;
  }

  /**
   * Brings the connection back whenever it is interrupted.
   * @param {Peer} peer
   * @param {{attempted: (attempt: number) => void, gone: () => void, gaveUp: () => void}} notify
   */
  async recover(peer, notify) {
    const recovery = new Recovery(peer.rtc, this.signal, (attempt) => this.restart(attempt), notify);
    recovery.timeout = 1000 * ((await this.#ice).disconnectTimeout ?? 30);
  }

  /**
   * Waits for the server to say why no connection came about, which it does when it gives up.
   * @param {Session} session
   * @param {number} delay Time for the connection to come about, ms.
   * @param {(reason: string) => void} report
   */
  askForReason(session, delay, report) {
    const ask = () => {
      if (this.ended || this.isLive) return;
      const onEnd = ({ reason = '' }) => report(reason);
      this.stopWaiting = session.outputs(() => {}, { id: this.id, onEnd }).close;
    };
    const timer = setTimeout(ask, delay);
    this.stopWaiting = () => clearTimeout(timer);
  }

  /** Restarts ICE, with fresh credentials where the old ones may not do any more. @param {AbortSignal} signal */
  async restart(signal) {
    if ((await this.#ice).until < performance.now()) this.#ice = this.#askForIce();
    const { iceServers } = await this.#ice;
    signal.throwIfAborted();
    await this.peer?.restart(iceServers, signal);
  }

  /** Whether a value of this parameter is queued or not answered yet. @param {string} id */
  isPending(id) {
    return id in this.#queued || [...this.#requests.values()].some(({ parameters }) => Object.hasOwn(parameters, id));
  }

  /**
   * Sends the queued values with the next animation frame, or after `delay` (ms): a hidden tab has no animation frames.
   * @param {number} [delay]
   */
  flushSoon(delay = 50) {
    if (this.#flushing || !this.peer?.isOpen || !Object.keys(this.#queued).length) return;
    this.#flushing = true;
    const flush = () => {
      if (!this.#flushing) return;
      this.#flushing = false;
      if (!this.peer?.isOpen) return;
      if (this.peer.channel.bufferedAmount > CHANNEL_BACKLOG) {
        this.flushSoon(200);
        return;
      }
      const [queued, result] = [this.#queued, this.#queuedResult];
      this.#queued = withoutPrototype();
      this.#queuedResult = null;
      this.request(queued, result ?? deferred());
    };
    setTimeout(flush, delay);
    if (delay <= 50) requestAnimationFrame(flush);
  }

  /**
   * Sends values at once.
   * @param {Values} parameters
   * @param {Deferred<Applied>} [result]
   * @returns {Promise<Applied>}
   */
  request(parameters, result = deferred()) {
    const request = ++this.#lastRequest;
    if (this.#requests.size === MAX_REQUESTS) {
      const [oldest] = this.#requests.keys();
      this.rejectRequest(oldest, new FrameboxError('not-connected', 'The server did not respond.'));
    }
    this.#requests.set(request, { parameters, result });
    this.peer?.send({ type: 'set_parameters', parameters, request });
    return result.promise;
  }

  /** The values of a request that has no answer yet. @param {number} [request] */
  requestedValues(request) {
    return request === undefined ? undefined : this.#requests.get(request)?.parameters;
  }

  /**
   * Resolves a request, and all earlier ones: answers come in order, and the server may merge requests.
   * @param {number|undefined} request
   * @param {Applied} applied
   */
  resolveRequest(request, applied) {
    if (request === undefined) return;
    for (const [number, { result }] of this.#requests) {
      if (number > request) break;
      this.#requests.delete(number);
      result.resolve(applied);
    }
  }

  /** @param {number|undefined} request @param {FrameboxError} error */
  rejectRequest(request, error) {
    if (request === undefined) return;
    this.#requests.get(request)?.result.reject(error);
    this.#requests.delete(request);
  }

  /**
   * Removes an ended session from the server, unless it is not there.
   * @param {FrameboxError} error Why it ended.
   * @param {() => Promise<unknown>} remove
   */
  remove(error, remove) {
    const isGone = error.status || ['finished', 'session-gone', 'server-unreachable'].includes(error.code);
    const { offer } = this.peer ?? {};
    if (offer && !isGone) this.removed = (this.leavingPage ? remove() : offer.then(remove)).catch(() => {});
  }

  /** Releases everything; further calls do nothing. @param {FrameboxError} error What everybody who waits gets. */
  end(error) {
    if (this.ended) return;
    this.#abort.abort(error);
    clearTimeout(this.connectTimer);
    this.stopWaiting();
    clearInterval(this.statsTimer);
    this.#live.reject(error);
    this.#queuedResult?.reject(error);
    for (const { result } of this.#requests.values()) result.reject(error);
    this.#requests.clear();
    this.peer?.close();
    if (this.ownsInput) stopTracks(this.input);
  }
}

/** @param {string} id @param {string|null} watched */
function pathsOf(id, watched) {
  if (watched === null) return { offer: 'webrtc/offer', ice: 'ice', own: sessionPath(id) };
  const stream = streamPath(watched);
  return { offer: `${stream}/offer`, ice: `${stream}/ice`, own: `${stream}/viewers/${encodeURIComponent(id)}` };
}

/**
 * Values without the members that every object inherits: a parameter may be named `constructor`.
 * @param {Values} [values]
 * @returns {Values}
 */
const withoutPrototype = (values) => Object.assign(Object.create(null), values);

/** The result of a change without a session. @returns {Promise<Applied>} */
export function notConnected() {
  return ignoreRejection(Promise.reject(new FrameboxError('not-connected', 'No session is running.')));
}
