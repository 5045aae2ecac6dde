/** Streams on the server: processed videos with a name, which many may watch. */

/** @import { NewStream, RecordedFile, RecordingStatus, StreamChange, StreamReport, StreamSummary } from './types.js' */

import { jsonRequest, sessionPath, streamPath, withHeaders } from './server.js';
import { streamError } from './errors.js';

export class Streams {
  #server;

  /** @param {import('./server.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  /** Returns the streams that one may watch, the oldest first. @returns {Promise<StreamSummary[]>} */
  async list() {
    const url = this.#server.url('streams');
    const response = await this.#server.request(url, { cache: 'no-store' }, streamError);
    return (await response.json()).streams;
  }

  /** @param {string} name @returns {Promise<StreamReport>} */
  get(name) {
    return this.#server.read(streamPath(name), '');
  }

  /**
   * Makes a stream.
   * @param {NewStream} stream
   * @returns {Promise<StreamReport>}
   * @throws {FrameboxError} `stream-taken` if there is another one of that name.
   */
  async create(stream) {
    const { input } = stream;
    const session = typeof input === 'object' && 'session' in input ? sessionPath(input.session) : '';
    const request = withHeaders(jsonRequest('POST', stream), this.#server.secretHeaders(session));
    const response = await this.#server.request(this.#server.url('streams'), request, streamError);
    const report = await response.json();
    const secret = response.headers.get('Session-Secret') ?? this.#server.secretOf(session);
    this.#server.keepSecret(streamPath(report.name), secret);
    return report;
  }

  /**
   * Changes a stream that runs.
   * @param {string} name
   * @param {StreamChange} change What is left out stays as it is.
   * @returns {Promise<StreamReport>}
   */
  change(name, change) {
    return this.#server.change(streamPath(name), '', change);
  }

  /** Ends a stream; a round trip that was published goes on. @param {string} name */
  async remove(name) {
    await this.#send(name, '', 'DELETE');
  }

  /**
   * The most recent picture, as an image file.
   * @param {string} name
   * @param {{size?: number, type?: 'jpg'|'png'}} [options] `size`: longest edge, pixels; default: as it is.
   * @returns {Promise<Blob>}
   */
  snapshot(name, options) {
    return this.#server.snapshot(streamPath(name), options);
  }

  /** Records a stream from its next picture on. @param {string} name @returns {Promise<RecordingStatus>} */
  async record(name) {
    return (await this.#send(name, '/recording', 'POST')).json();
  }

  /** Ends the recording that runs. @param {string} name */
  async stopRecording(name) {
    await this.#send(name, '/recording', 'DELETE');
  }

  /** The recording that runs, or did last; null when there was none. @param {string} name @returns {Promise<RecordingStatus|null>} */
  async recording(name) {
    return (await this.#server.read(streamPath(name), '/recording')).recording;
  }

  /** Returns what was recorded of a stream, the newest first. @param {string} name @returns {Promise<RecordedFile[]>} */
  async recordings(name) {
    return (await this.#server.read(streamPath(name), '/recordings')).recordings;
  }

  /** Reads a recorded file, which is MP4. @param {string} name @param {string} file @returns {Promise<Blob>} */
  async recordedFile(name, file) {
    return (await this.#send(name, `/recordings/${encodeURIComponent(file)}`, 'GET')).blob();
  }

  /** Deletes a recorded file. @param {string} name @param {string} file */
  async removeRecording(name, file) {
    await this.#send(name, `/recordings/${encodeURIComponent(file)}`, 'DELETE');
  }

  /** @param {string} name @param {string} part @param {string} method */
  #send(name, part, method) {
    const path = streamPath(name);
    const request = { method, headers: this.#server.secretHeaders(path) };
    return this.#server.request(this.#server.url(path + part), request, streamError);
  }
}
