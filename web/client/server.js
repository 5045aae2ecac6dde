/** Requests to the server's HTTP API. */

/** @import { Handler } from './types.js' */

import { FrameboxError, offerError, sessionError } from './errors.js';

export class Server {
  #base;
  #token;

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

  /** @param {string} path @returns {URL} */
  url(path) {
    return new URL(path, this.#base);
  }

  /** @param {string} id @param {string} [path] Below the session. */
  sessionUrl(id, path = '') {
    return this.url(`sessions/${encodeURIComponent(id)}${path}`);
  }

  /**
   * The event stream of a session's additional outputs, with the token: an `EventSource` cannot send headers.
   * @param {string} id
   */
  outputsUrl(id) {
    const url = this.sessionUrl(id, '/outputs');
    if (this.#token) url.searchParams.set('access_token', this.#token);
    return url;
  }

  /** Ends a session, also while the page is being closed. @param {string} id */
  endSession(id) {
    return fetch(this.sessionUrl(id), this.#authenticated({ method: 'DELETE', keepalive: true }));
  }

  /** @param {AbortSignal} [signal] @returns {Promise<{handlers: Handler[], default: string}>} */
  async handlers(signal) {
    return (await this.request(this.url('handlers'), { signal })).json();
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
    return (await this.request(this.sessionUrl(id, path), { cache: 'no-store', ...init }, sessionError)).json();
  }

  /**
   * Changes something of a session.
   * @param {string} id
   * @param {string} path
   * @param {object} body
   */
  async patchSession(id, path, body) {
    return (await this.request(this.sessionUrl(id, path), jsonRequest('PATCH', body), sessionError)).json();
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
    return { ...init, headers: { .../** @type {Record<string, string>} */ (init.headers), ...this.headers } };
  }
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
