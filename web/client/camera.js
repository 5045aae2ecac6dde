/** Opens cameras and explains why one cannot be opened. */

/** @import { Handler } from './types.js' */

import { FrameboxError } from './errors.js';

/** Code and message, by the name of the browser's exception. @type {Record<string, [string, string]>} */
const ERRORS = {
  NotFoundError: ['camera-missing', 'No camera was found.'],
  NotAllowedError: ['camera-refused', 'Access to the camera was refused.'],
  SecurityError: ['camera-refused', 'Access to the camera is not allowed on this page.'],
  NotReadableError: ['camera-busy', 'The camera does not respond; another program may be using it.'],
  AbortError: ['camera-busy', 'The camera stopped before it delivered a picture.'],
  OverconstrainedError: ['camera-unsuited', 'The camera does not support the requested settings.'],
};

/**
 * Opens a camera.
 * @param {MediaTrackConstraints} [video]
 * @returns {Promise<MediaStream>}
 * @throws {FrameboxError} `insecure-context`, `unsupported` or `camera-…`
 */
export async function openCamera(video = {}) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw window.isSecureContext
      ? new FrameboxError('unsupported', 'This browser has no access to cameras.')
      : new FrameboxError('insecure-context', 'Browsers allow camera access only over HTTPS or on localhost.');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video });
  } catch (cause) {
    const { name, message } = /** @type {DOMException} */ (cause);
    const [code, text] = ERRORS[name] ?? ['camera-busy', `The camera cannot be opened: ${message}`];
    throw new FrameboxError(code, text, { cause });
  }
}

/**
 * Camera constraints that match what a handler wants.
 * @param {Handler|null} handler
 * @returns {MediaTrackConstraints}
 */
export function constraintsFor(handler) {
  const { width, height } = handler?.size ?? { width: 1280, height: 720 };
  return { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: handler?.fps ?? 30 } };
}

/** @param {MediaStream|null|undefined} stream */
export function stopTracks(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
