/** The handlers on the server: bringing versions of them, choosing one, removing them. */

import { catalogRefusal, FrameboxError } from './fault.js';
import { newId } from './run.js';
import { sending } from './server.js';

/** Between two looks at how far an upload is, ms. */
const LOOK = 250;

export class Catalog {
  #server;

  /** @param {import('./server.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  /**
   * Brings a component as a version of a handler.
   * @param {string} name Of the handler: a–z, 0–9, - and _.
   * @param {Blob} file The component.
   * @param {{activate?: boolean, limits?: Object<string, number>, signal?: AbortSignal,
   *   onProgress?: (progress: {stage: string, part: number|null}) => void}} [options] `activate`: sessions get it at
   *   once (the default); `limits`: keys of the server's `[limits]`; `onProgress` is told of the stages `sending` (with
   *   the part that is done, 0 to 1), `checking`, `compiling`, `describing`, `storing`.
   * @returns {Promise<{name: string, version: number, digest: string, active: boolean}>} What became of it.
   * @throws {FrameboxError} With the server's words in `message`.
   */
  upload(name, file, { activate = true, limits = {}, signal, onProgress = () => {} } = {}) {
    const id = newId();
    const address = this.#at(name);
    if (!activate) address.searchParams.set('activate', 'false');
    for (const [key, value] of Object.entries(limits)) address.searchParams.set(key, value);
    const request = new XMLHttpRequest();
    request.open('PUT', address);
    request.responseType = 'json';
    const headers = { 'Content-Type': 'application/wasm', 'Upload-Id': id, ...this.#server.headers };
    for (const [header, value] of Object.entries(headers)) request.setRequestHeader(header, value);
    let timer = null;
    request.upload.addEventListener('progress', ({ loaded, total, lengthComputable }) =>
      onProgress({ stage: 'sending', part: lengthComputable && total ? loaded / total : null }),
    );
    request.upload.addEventListener('load', () => {
      // Everything has left; what the server does with it, only it knows.
      timer = setInterval(async () => {
        const answer = await this.#server.ask(this.#server.at(`uploads/${id}`)).catch(() => null);
        const { stage } = (await answer?.json().catch(() => null)) ?? {};
        if (timer && stage && !['receiving', 'done', 'failed'].includes(stage)) onProgress({ stage, part: null });
      }, LOOK);
    });
    return new Promise((resolve, reject) => {
      const fail = (code, message, more) => reject(new FrameboxError(code, message, more));
      const abort = () => request.abort();
      signal?.addEventListener('abort', abort);
      request.addEventListener('load', () => {
        if (request.status < 300) resolve(request.response);
        else reject(catalogRefusal(request, request.response));
      });
      request.addEventListener('error', () => fail('server-unreachable', 'The server does not answer.'));
      request.addEventListener('abort', () => fail('stopped', 'The upload was given up.'));
      request.addEventListener('loadend', () => {
        clearInterval(timer);
        timer = null;
        signal?.removeEventListener('abort', abort);
      });
      if (signal?.aborted) abort();
      else request.send(file);
    });
  }

  /**
   * The versions of a handler, the oldest first.
   * @param {string} name
   * @returns {Promise<{versions: object[], active: number|null, canary: object|null}>}
   */
  async versions(name) {
    return (await this.#ask(this.#at(name, 'versions'), { cache: 'no-store' })).json();
  }

  /** Makes a version the active one: running sessions move to it. */
  async promote(name, version) {
    return (await this.#ask(this.#at(name, 'active'), sending('POST', { version }))).json();
  }

  /** Deletes a version that is neither active nor, unless `drain`, in use. */
  async remove(name, version, { drain = false } = {}) {
    const address = this.#at(name, `versions/${version}`);
    if (drain) address.searchParams.set('drain', 'true');
    await this.#ask(address, { method: 'DELETE' });
  }

  #at(name, part) {
    return this.#server.at(`handlers/${encodeURIComponent(name)}${part ? `/${part}` : ''}`);
  }

  #ask(address, init) {
    return this.#server.ask(address, init, catalogRefusal);
  }
}
