/** The catalog of handlers on the server: uploads versions, activates and deletes them. */

/** @import { Progress, Uploaded, UploadOptions, Versions } from './types.js' */

import { catalogError, FrameboxError } from './errors.js';
import { newId } from './id.js';
import { jsonRequest } from './server.js';

/** Time between two requests for the progress of an upload, ms. */
const PROGRESS_INTERVAL = 250;

export class Catalog {
  #server;

  /** @param {import('./server.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  /**
   * Uploads a component as a version of a handler.
   * @param {string} name Name of the handler: a–z, 0–9, - and _.
   * @param {Blob} file The component.
   * @param {UploadOptions} [options]
   * @returns {Promise<Uploaded>}
   * @throws {FrameboxError} With the server's explanation in `message`.
   */
  upload(name, file, { activate = true, limits = {}, signal, onProgress = () => {} } = {}) {
    const id = newId();
    const url = this.#url(name);
    if (!activate) url.searchParams.set('activate', 'false');
    for (const [key, value] of Object.entries(limits)) url.searchParams.set(key, String(value));
    // `fetch` does not report the progress of a request's body.
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    request.responseType = 'json';
    const headers = { 'Content-Type': 'application/wasm', 'Upload-Id': id, ...this.#server.headers };
    for (const [header, value] of Object.entries(headers)) request.setRequestHeader(header, value);
    /** @type {number|undefined} */
    let timer;
    request.upload.addEventListener('progress', ({ loaded, total, lengthComputable }) =>
      onProgress({ stage: 'sending', part: lengthComputable && total ? loaded / total : null }),
    );
    request.upload.addEventListener('load', () => {
      // The body is sent; from here on only the server knows how far it is.
      timer = setInterval(async () => {
        const reached = await this.#reached(id);
        if (timer && reached) onProgress({ ...reached, part: null });
      }, PROGRESS_INTERVAL);
    });
    return new Promise((resolve, reject) => {
      const abort = () => request.abort();
      signal?.addEventListener('abort', abort);
      request.addEventListener('load', () => {
        if (request.status < 300) resolve(request.response);
        else reject(catalogError(request, request.response));
      });
      request.addEventListener('error', () =>
        reject(new FrameboxError('server-unreachable', 'The server does not respond.')),
      );
      request.addEventListener('abort', () => reject(new FrameboxError('stopped', 'The upload was cancelled.')));
      request.addEventListener('loadend', () => {
        clearInterval(timer);
        timer = undefined;
        signal?.removeEventListener('abort', abort);
      });
      if (signal?.aborted) abort();
      else request.send(file);
    });
  }

  /**
   * Returns the versions of a handler, the oldest first.
   * @param {string} name
   * @returns {Promise<Versions>}
   */
  async versions(name) {
    return (await this.#request(this.#url(name, 'versions'), { cache: 'no-store' })).json();
  }

  /**
   * Makes a version the active one: running sessions move to it.
   * @param {string} name
   * @param {number} version
   * @returns {Promise<{name: string, active: number|null}>}
   */
  async promote(name, version) {
    return (await this.#request(this.#url(name, 'active'), jsonRequest('POST', { version }))).json();
  }

  /**
   * Deletes a version that is neither active nor in use.
   * @param {string} name
   * @param {number} version
   * @param {{drain?: boolean}} [options] `drain`: also one that is in use; its sessions go on with it.
   */
  async remove(name, version, { drain = false } = {}) {
    const url = this.#url(name, `versions/${version}`);
    if (drain) url.searchParams.set('drain', 'true');
    await this.#request(url, { method: 'DELETE' });
  }

  /**
   * The stage of the server's work on an upload, with its place while it waits for the compiler; null before and after,
   * and while it is not known.
   * @param {string} id
   * @returns {Promise<{stage: Progress['stage'], place?: number}|null>}
   */
  async #reached(id) {
    const response = await this.#server.request(this.#server.url(`uploads/${id}`)).catch(() => null);
    const body = await response?.json().catch(() => null);
    const { stage, place } = body ?? {};
    return !stage || ['receiving', 'done', 'failed'].includes(stage) ? null : { stage, place };
  }

  /** @param {string} name @param {string} [part] */
  #url(name, part) {
    return this.#server.url(`handlers/${encodeURIComponent(name)}${part ? `/${part}` : ''}`);
  }

  /** @param {URL} url @param {RequestInit} init */
  #request(url, init) {
    return this.#server.request(url, init, catalogError);
  }
}
