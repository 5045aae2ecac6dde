/** A video file of the person's, played here in a loop: its pictures are sent like a camera's. */

import { FrameboxError } from '../framebox.js';
import { stopTracks } from '../client/camera.js';
import { sleep } from '../client/promise.js';
import { h } from './elements.js';

/** Time in which the browser has to find the first picture, ms. */
const PATIENCE = 15_000;
/** Time in which a video that plays shows a frame, ms. */
const FIRST_FRAME = 1000;
/** Frames a second that are drawn where the browser does not say when there is a new one. */
const DRAWN_FPS = 30;

/** @typedef {HTMLVideoElement & {captureStream?: () => MediaStream, mozCaptureStream?: () => MediaStream}} Player */

export class VideoFile {
  #url;
  #video = /** @type {Player} */ (h('video', { playsinline: true, loop: true, preload: 'auto' }));
  /** @type {MediaStream|null} */
  #stream = null;
  #ended = new AbortController();

  /** @param {File} file */
  constructor(file) {
    this.#url = URL.createObjectURL(file);
    this.#video.muted = true;
  }

  /**
   * Plays the file.
   * @param {{width: number, height: number}} most The largest picture: a larger one is made smaller.
   * @param {() => void} lost Called when the file cannot be played on.
   * @returns {Promise<MediaStream>}
   * @throws {FrameboxError} `file-unplayable` or `file-no-video`
   */
  async open(most, lost) {
    const video = this.#video;
    await this.#load();
    const { videoWidth: width, videoHeight: height } = video;
    if (!width) throw new FrameboxError('file-no-video', 'The file has no picture.');
    const scale = fit([width, height], [most.width, most.height]);
    const captured = scale === 1 ? capture(video) : null;
    await video.play().catch((cause) => {
      throw unplayable(cause);
    });
    const isUpright = captured && (await isAsShown(captured, video));
    if (captured && !isUpright) stopTracks(captured);
    const stream = isUpright ? captured : this.#draw(even(width * scale), even(height * scale));
    // The sound, if there is any, is not sent.
    this.#stream = new MediaStream(stream.getVideoTracks());
    video.addEventListener('error', lost, { signal: this.#ended.signal });
    return this.#stream;
  }

  close() {
    this.#ended.abort();
    stopTracks(this.#stream);
    this.#stream = null;
    this.#video.pause();
    this.#video.removeAttribute('src');
    this.#video.load();
    URL.revokeObjectURL(this.#url);
  }

  /** Waits for the first picture. @returns {Promise<void>} */
  #load() {
    const video = this.#video;
    return new Promise((resolve, reject) => {
      const fail = () => reject(unplayable(video.error));
      const timer = setTimeout(fail, PATIENCE);
      const { signal } = this.#ended;
      signal.addEventListener('abort', () => reject(new FrameboxError('stopped', 'The file was closed.')));
      video.addEventListener('error', fail, { once: true, signal });
      video.addEventListener('loadeddata', () => resolve(), { once: true, signal });
      video.addEventListener('loadeddata', () => clearTimeout(timer), { once: true, signal });
      video.src = this.#url;
      // Some browsers read nothing of a file before it is played.
      video.play().catch(() => {});
    });
  }

  /** Draws the pictures on a canvas, whose pictures are sent. @param {number} width @param {number} height */
  #draw(width, height) {
    const video = this.#video;
    const canvas = h('canvas', { width, height });
    const context = canvas.getContext('2d', { alpha: false });
    const draw = () => context?.drawImage(video, 0, 0, width, height);
    const { signal } = this.#ended;
    draw();
    if (typeof video.requestVideoFrameCallback === 'function') {
      const next = () => {
        if (signal.aborted) return;
        draw();
        video.requestVideoFrameCallback(next);
      };
      video.requestVideoFrameCallback(next);
    } else {
      const timer = setInterval(draw, 1000 / DRAWN_FPS);
      signal.addEventListener('abort', () => clearInterval(timer));
    }
    return canvas.captureStream();
  }
}

/** The pictures of a video as a stream; null where the browser has no such thing. @param {Player} video */
function capture(video) {
  const start = video.captureStream ?? video.mozCaptureStream;
  const stream = start?.call(video);
  return stream?.getVideoTracks().length ? stream : null;
}

/**
 * Whether a stream has the pictures as the video shows them: of a file that is turned, browsers capture them unturned, and
 * do not send them.
 * @param {MediaStream} stream
 * @param {HTMLVideoElement} video
 */
async function isAsShown(stream, video) {
  /** @type {Promise<void>} */
  const shown = new Promise((resolve) => {
    video.requestVideoFrameCallback?.(() => resolve());
  });
  await Promise.race([shown, sleep(FIRST_FRAME)]);
  const { width = video.videoWidth } = stream.getVideoTracks()[0].getSettings();
  return width === video.videoWidth;
}

/**
 * The scale at which a picture is no larger than another, whichever way up each of them is.
 * @param {number[]} picture
 * @param {number[]} most
 */
function fit(picture, most) {
  const long = Math.max(...most) / Math.max(...picture);
  return Math.min(1, long, Math.min(...most) / Math.min(...picture));
}

/** @param {number} length Pixels: the chroma of a picture has half as many. */
const even = (length) => Math.max(2, 2 * Math.round(length / 2));

/** @param {unknown} cause */
function unplayable(cause) {
  return new FrameboxError('file-unplayable', 'The browser cannot play this file.', { cause });
}
