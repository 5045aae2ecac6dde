/** All that belongs to one start of a session, up to its end. */

import { stopTracks } from './camera.js';
import { FrameboxError } from './fault.js';
import { Meter } from './meter.js';
import { deferred } from './promise.js';

/** Answers that may be outstanding; the oldest is then given up. */
const MOST_REQUESTS = 128;
/** Bytes that may wait in the data channel before changes of parameters are held back and merged. */
const CHANNEL_BACKLOG = 64 * 1024;

export class Run {
  #abort = new AbortController();
  #number = 0;
  #requests = new Map(); // number -> what was asked and who waits for the answer
  #wanted; // values to be sent with the next message
  #answer = null; // to whom wants them
  #flushing = false;

  /** @param {Object<string, unknown>} first Values to begin with. */
  constructor(first) {
    this.id = newId();
    this.signal = this.#abort.signal;
    this.meter = new Meter();
    this.#wanted = bare(first);
    const { promise, resolve, reject } = deferred();
    /** Resolves once video can flow. */
    this.live = promise;
    this.goLive = resolve;
    this.notLive = reject;
    this.isLive = false;
    /** The server told what the session is, so it is there. */
    this.known = false;
    /** When something last came from the server, ms. */
    this.heard = performance.now();
  }

  get over() {
    return this.signal.aborted;
  }

  check() {
    this.signal.throwIfAborted();
  }

  /** Values that go with the next message, in which only the latest of each is sent. */
  want(values) {
    Object.assign(this.#wanted, values);
    this.#answer ??= deferred();
    this.flushSoon();
    return this.#answer.promise;
  }

  /** Whether a value of this parameter is on its way and not answered. */
  isPending(id) {
    return id in this.#wanted || [...this.#requests.values()].some(({ parameters }) => Object.hasOwn(parameters, id));
  }

  /** Waits for the next animation frame; a timer helps where none comes, as in a hidden tab. */
  flushSoon(delay = 50) {
    if (this.#flushing || !this.link?.isOpen || !Object.keys(this.#wanted).length) return;
    this.#flushing = true;
    const flush = () => {
      if (!this.#flushing) return;
      this.#flushing = false;
      if (!this.link.isOpen) return;
      if (this.link.channel.bufferedAmount > CHANNEL_BACKLOG) {
        this.flushSoon(200);
        return;
      }
      const [wanted, answer] = [this.#wanted, this.#answer];
      this.#wanted = bare();
      this.#answer = null;
      this.request(wanted, answer ?? deferred());
    };
    setTimeout(flush, delay);
    if (delay <= 50) requestAnimationFrame(flush);
  }

  /** Sends values at once. */
  request(parameters, answer = deferred()) {
    const request = ++this.#number;
    if (this.#requests.size === MOST_REQUESTS) {
      const [oldest] = this.#requests.keys();
      this.refuse(oldest, new FrameboxError('not-connected', 'The server did not answer.'));
    }
    this.#requests.set(request, { parameters, answer });
    this.link.send({ type: 'set_parameters', parameters, request });
    return answer.promise;
  }

  /** What a request asked for. */
  asked(request) {
    return this.#requests.get(request)?.parameters;
  }

  /** Answers come in the order of the requests: what is older and has none was taken along. */
  settle(request, result) {
    if (request === undefined) return;
    for (const [number, { answer }] of this.#requests) {
      if (number > request) break;
      this.#requests.delete(number);
      answer.resolve(result);
    }
  }

  refuse(request, problem) {
    this.#requests.get(request)?.answer.reject(problem);
    this.#requests.delete(request);
  }

  end(problem) {
    if (this.over) return;
    this.#abort.abort(problem);
    clearTimeout(this.deadline);
    clearInterval(this.timer);
    this.notLive(problem);
    this.#answer?.reject(problem);
    for (const { answer } of this.#requests.values()) answer.reject(problem);
    this.#requests.clear();
    this.link?.close();
    if (this.ownsInput) stopTracks(this.input);
  }
}

/** Values by id, and nothing that every object has: a parameter may be named `constructor`. */
const bare = (values) => Object.assign(Object.create(null), values);

/** A random UUID; `crypto.randomUUID` exists in secure contexts only. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
