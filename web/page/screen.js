/** The screen, a window or a tab as the input. */

import { FrameboxError } from '../framebox.js';

/** @typedef {{width: number, height: number, fps: number}} Size */

/** @param {Size} most @returns {MediaTrackConstraints} */
export function screenConstraints({ width, height, fps }) {
  return { width: { max: width }, height: { max: height }, frameRate: { max: fps } };
}

/**
 * Asks the person what to share.
 * @param {Size} most The largest picture, and the highest rate.
 * @returns {Promise<MediaStream>}
 * @throws {FrameboxError} `screen-unsupported` or `screen-refused`
 */
export async function openScreen(most) {
  if (!navigator.mediaDevices?.getDisplayMedia) {
    throw window.isSecureContext
      ? new FrameboxError('screen-unsupported', 'This browser cannot share the screen.')
      : new FrameboxError('insecure-context', 'Browsers share the screen only over HTTPS or on localhost.');
  }
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: screenConstraints(most), audio: false });
    // The browser repeats the picture of a screen on which nothing moves only where it knows that it is one.
    for (const track of stream.getVideoTracks()) track.contentHint = 'detail';
    return stream;
  } catch (cause) {
    const { message } = /** @type {DOMException} */ (cause);
    throw new FrameboxError('screen-refused', `The screen was not shared: ${message}`, { cause });
  }
}
