/** The server's HTTP side, as far as a client needs it. */

import { FrameboxError, refusal, sessionRefusal } from './fault.js';

export class Server {
  #base;
  #token;

  /**
   * @param {string} address Empty: relative to the page.
   * @param {string|null} [token] By which the server knows who asks.
   */
  constructor(address, token = null) {
    const base = new URL(address || '.', document.baseURI);
    if (!base.pathname.endsWith('/')) base.pathname += '/';
    this.#base = base;
    this.#token = token;
  }

  /** Those by which the server knows who asks. */
  get headers() {
    return this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
  }

  /** @param {string} path @returns {URL} */
  at(path) {
    return new URL(path, this.#base);
  }

  /** Address of what belongs to a session. */
  session(id, part = '') {
    return this.at(`sessions/${encodeURIComponent(id)}${part}`);
  }

  /** Where a session's additional outputs are streamed: an `EventSource` sends no headers of its own. */
  outputs(id) {
    const address = this.session(id, '/outputs');
    if (this.#token) address.searchParams.set('access_token', this.#token);
    return address;
  }

  /** Removes a session, also while the page is being closed. */
  remove(id) {
    return fetch(this.session(id), this.#signed({ method: 'DELETE', keepalive: true }));
  }

  /** @returns {Promise<{handlers: object[], default: string}>} */
  async handlers(signal) {
    return (await this.ask(this.at('handlers'), { signal })).json();
  }

  /** The handler of that name; null: the server's default. */
  async handler(name, signal) {
    if (name) return (await this.ask(this.at(`handlers/${encodeURIComponent(name)}`), { signal })).json();
    const { handlers, default: first } = await this.handlers(signal);
    const found = handlers.find((handler) => handler.name === first) ?? handlers[0];
    if (!found) throw new FrameboxError('handler-unknown', 'The server has no handlers.');
    return found;
  }

  /** Asks something about a session. */
  async about(id, part, init) {
    return (await this.ask(this.session(id, part), { cache: 'no-store', ...init }, sessionRefusal)).json();
  }

  /** Changes something about a session; the answer's body, and whether the change holds already. */
  async change(id, part, body) {
    const address = this.session(id, part);
    const response = await this.ask(address, sending('PATCH', body), sessionRefusal);
    return response.json();
  }

  /** @throws {FrameboxError} With the answer's reason, or `server-unreachable`. */
  async ask(address, init, refuse = refusal) {
    let response;
    try {
      response = await fetch(address, this.#signed(init));
    } catch (cause) {
      if (init?.signal?.aborted) throw init.signal.reason;
      throw new FrameboxError('server-unreachable', 'The server does not answer.', { cause });
    }
    if (response.ok) return response;
    throw refuse(response, await response.json().catch(() => null));
  }

  #signed(init = {}) {
    return { ...init, headers: { ...init.headers, ...this.headers } };
  }
}

/** A request with a JSON body. */
export function sending(method, body, signal) {
  return { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal };
}
