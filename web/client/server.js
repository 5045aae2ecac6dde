/** Requests to the server's HTTP API. */

/** @import { Handler } from './types.js' */

import { FrameboxError, offerError, sessionError, streamError } from './errors.js';

/** Secrets that are kept: a log is read for a while after its session. */
const MAX_SECRETS = 8;

/** Path of a session. @param {string} id */
export const sessionPath = (id) => `sessions/${encodeURIComponent(id)}`;

/** Path of a stream. @param {string} name */
export const streamPath = (name) => `streams/${encodeURIComponent(name)}`;

export class Server {
  #base;
  #token;
  /** Secrets by path: without a token, a session or a stream belongs to whoever has its secret. @type {Map<string, string>} */
  #secrets = new Map();

  /**
   * @param {string} address Empty: relative to the page.
   * @param {string|null} [token] Sent with every request.
   */
  constructor(address, token = null) {
    const base = new URL(address || '.', document.baseURI);
    if (!base.pathname.endsWith('/')) base.pathname += '/';
    this.#base = base;
    this.#token = token;
  }

  /** Headers that authenticate a request. @returns {Record<string, string>} */
  get headers() {
    return this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
  }

  /** Keeps the secret of a session or a stream. @param {string} path @param {string|null} secret */
  keepSecret(path, secret) {
    if (!secret) return;
    if (this.#secrets.size === MAX_SECRETS) this.#secrets.delete([...this.#secrets.keys()][0]);
    this.#secrets.set(path, secret);
  }

  /** The secret of a session or a stream; null for one that has none, or somebody else's. @param {string} path */
  secretOf(path) {
    return this.#secrets.get(path) ?? null;
  }

  /** Headers that prove that a session or a stream is one's own. @param {string} path @returns {Record<string, string>} */
  secretHeaders(path) {
    const secret = this.secretOf(path);
    return secret ? { 'Session-Secret': secret } : {};
  }

  /** @param {string} path @returns {URL} */
  url(path) {
    return new URL(path, this.#base);
  }

  /**
   * The event stream of the additional outputs of a session or a stream, with the token and the secret: an `EventSource`
   * cannot send headers.
   * @param {string} path
   * @param {string|null} [secret] Of what somebody else started.
   */
  outputsUrl(path, secret = this.secretOf(path)) {
    const url = this.url(`${path}/outputs`);
    if (this.#token) url.searchParams.set('access_token', this.#token);
    if (secret) url.searchParams.set('session_secret', secret);
    return url;
  }

  /** Ends a session, or leaves a stream, also while the page is being closed. @param {string} path */
  end(path) {
    const headers = this.secretHeaders(path);
    return fetch(this.url(path), this.#authenticated({ method: 'DELETE', keepalive: true, headers }));
  }

  /** @param {AbortSignal} [signal] @returns {Promise<{handlers: Handler[], default: string}>} */
  async handlers(signal) {
    return (await this.request(this.url('handlers'), { signal })).json();
  }

  /**
   * Asks how the server is reached; one that does not say needs no help of other servers.
   * @param {string} path
   * @param {AbortSignal} [signal]
   * @returns {Promise<import('./types.js').Ice>}
   */
  async ice(path, signal) {
    const request = this.request(this.url(path), { cache: 'no-store', signal });
    const answer = await request.then((response) => response.json()).catch(() => ({}));
    const { iceServers = [], ttl = null, disconnectTimeout } = answer;
    return { iceServers, ttl, disconnectTimeout };
  }

  /**
   * Returns the handler of that name, or the server's default without a name.
   * @param {string|null} name
   * @param {AbortSignal} [signal]
   * @returns {Promise<Handler>}
   */
  async handler(name, signal) {
    if (name) return (await this.request(this.url(`handlers/${encodeURIComponent(name)}`), { signal })).json();
    const { handlers, default: first } = await this.handlers(signal);
    const found = handlers.find((handler) => handler.name === first) ?? handlers[0];
    if (!found) throw new FrameboxError('handler-unknown', 'The server has no handlers.');
    return found;
  }

  /**
   * Reads something of a session or a stream.
   * @param {string} path Of the session or the stream.
   * @param {string} part Below it.
   * @param {RequestInit} [init]
   */
  async read(path, part, init) {
    const request = { cache: /** @type {const} */ ('no-store'), headers: this.secretHeaders(path), ...init };
    return (await this.request(this.url(path + part), request, errorOf(path))).json();
  }

  /**
   * Changes something of a session or a stream.
   * @param {string} path Of the session or the stream.
   * @param {string} part Below it.
   * @param {object} body
   */
  async change(path, part, body) {
    const request = withHeaders(jsonRequest('PATCH', body), this.secretHeaders(path));
    return (await this.request(this.url(path + part), request, errorOf(path))).json();
  }

  /**
   * Reads the most recent picture of a session or a stream.
   * @param {string} path Of the session or the stream.
   * @param {{size?: number, type?: 'jpg'|'png'}} [options] `size`: longest edge, pixels; default: as it is.
   * @returns {Promise<Blob>}
   */
  async snapshot(path, { size, type = 'jpg' } = {}) {
    const url = this.url(`${path}/snapshot.${type}`);
    if (size) url.searchParams.set('size', String(size));
    const request = { cache: /** @type {const} */ ('no-store'), headers: this.secretHeaders(path) };
    return (await this.request(url, request, errorOf(path))).blob();
  }

  /**
   * @param {URL} url
   * @param {RequestInit} [init]
   * @param {(response: Response, body: any) => FrameboxError} [toError] Makes the error for a failed request.
   * @returns {Promise<Response>}
   * @throws {FrameboxError} Also `server-unreachable`.
   */
  async request(url, init = {}, toError = offerError) {
    let response;
    try {
      response = await fetch(url, this.#authenticated(init));
    } catch (cause) {
      if (init.signal?.aborted) throw init.signal.reason;
      throw new FrameboxError('server-unreachable', 'The server does not respond.', { cause });
    }
    if (response.ok) return response;
    throw toError(response, await response.json().catch(() => null));
  }

  /** @param {RequestInit} init @returns {RequestInit} */
  #authenticated(init) {
    return withHeaders(init, this.headers);
  }
}

/** Makes errors of requests about a session or a stream. @param {string} path */
const errorOf = (path) => (path.startsWith('streams/') ? streamError : sessionError);

/**
 * A request with more headers.
 * @param {RequestInit} init
 * @param {Record<string, string>} headers
 * @returns {RequestInit}
 */
export function withHeaders(init, headers) {
  return { ...init, headers: { .../** @type {Record<string, string>} */ (init.headers), ...headers } };
}

/**
 * A request with a JSON body.
 * @param {string} method
 * @param {object} body
 * @param {AbortSignal} [signal]
 * @returns {RequestInit}
 */
export function jsonRequest(method, body, signal) {
  return { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal };
}
