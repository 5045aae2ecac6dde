/** Requests to the server's HTTP API. */

/** @import { Handler } from './types.js' */

import { FrameboxError, offerError, sessionError } from './errors.js';

/** Secrets of sessions that are kept: a log is read for a while after its session. */
const MAX_SECRETS = 8;

export class Server {
  #base;
  #token;
  /** Secrets of sessions by id: without a token, a session belongs to whoever has its secret. @type {Map<string, string>} */
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

  /** Keeps the secret that came with the answer to an offer. @param {string} id @param {string|null} secret */
  keepSecret(id, secret) {
    if (!secret) return;
    if (this.#secrets.size === MAX_SECRETS) this.#secrets.delete([...this.#secrets.keys()][0]);
    this.#secrets.set(id, secret);
  }

  /** The secret of a session; null for one that has none, or somebody else's. @param {string} id @returns {string|null} */
  secretOf(id) {
    return this.#secrets.get(id) ?? null;
  }

  /** Headers that prove that a session is one's own. @param {string} id @returns {Record<string, string>} */
  sessionHeaders(id) {
    const secret = this.secretOf(id);
    return secret ? { 'Session-Secret': secret } : {};
  }

  /** @param {string} path @returns {URL} */
  url(path) {
    return new URL(path, this.#base);
  }

  /** @param {string} id @param {string} [path] Below the session. */
  sessionUrl(id, path = '') {
    return this.url(`sessions/${encodeURIComponent(id)}${path}`);
  }

  /**
   * The event stream of a session's additional outputs, with the token and the session's secret: an `EventSource` cannot
   * send headers.
   * @param {string} id
   * @param {string|null} [secret] Of a session that somebody else started.
   */
  outputsUrl(id, secret = this.secretOf(id)) {
    const url = this.sessionUrl(id, '/outputs');
    if (this.#token) url.searchParams.set('access_token', this.#token);
    if (secret) url.searchParams.set('session_secret', secret);
    return url;
  }

  /** Ends a session, also while the page is being closed. @param {string} id */
  endSession(id) {
    const headers = this.sessionHeaders(id);
    return fetch(this.sessionUrl(id), this.#authenticated({ method: 'DELETE', keepalive: true, headers }));
  }

  /** @param {AbortSignal} [signal] @returns {Promise<{handlers: Handler[], default: string}>} */
  async handlers(signal) {
    return (await this.request(this.url('handlers'), { signal })).json();
  }

  /**
   * Asks how the server is reached; one that does not say needs no help of other servers.
   * @param {AbortSignal} [signal]
   * @returns {Promise<import('./types.js').Ice>}
   */
  async ice(signal) {
    const request = this.request(this.url('ice'), { cache: 'no-store', signal });
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
   * Reads something of a session.
   * @param {string} id
   * @param {string} path
   * @param {RequestInit} [init]
   */
  async getSession(id, path, init) {
    const request = { cache: /** @type {const} */ ('no-store'), headers: this.sessionHeaders(id), ...init };
    return (await this.request(this.sessionUrl(id, path), request, sessionError)).json();
  }

  /**
   * Changes something of a session.
   * @param {string} id
   * @param {string} path
   * @param {object} body
   */
  async patchSession(id, path, body) {
    const request = withHeaders(jsonRequest('PATCH', body), this.sessionHeaders(id));
    return (await this.request(this.sessionUrl(id, path), request, sessionError)).json();
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
