/** Opening a camera, and what is said when that fails. */

import { FrameboxError } from './fault.js';

const FAULTS = {
  NotFoundError: ['camera-missing', 'No camera was found.'],
  NotAllowedError: ['camera-refused', 'Access to the camera was refused.'],
  SecurityError: ['camera-refused', 'Access to the camera is not allowed on this page.'],
  NotReadableError: ['camera-busy', 'The camera is in use by another program, or it does not answer.'],
  AbortError: ['camera-busy', 'The camera stopped before it gave a picture.'],
  OverconstrainedError: ['camera-unsuited', 'The camera cannot give what was asked of it.'],
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
      ? new FrameboxError('unsupported', 'This browser gives no access to cameras.')
      : new FrameboxError('insecure-context', 'Browsers give access to the camera only over HTTPS or on localhost.');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video });
  } catch (cause) {
    const [code, message] = FAULTS[cause.name] ?? ['camera-busy', `The camera cannot be opened: ${cause.message}`];
    throw new FrameboxError(code, message, { cause });
  }
}

/** Constraints that suit a handler. */
export function suiting(handler) {
  const { width, height } = handler?.size ?? { width: 1280, height: 720 };
  return { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: handler?.fps ?? 30 } };
}

/** @param {MediaStream|null|undefined} stream */
export function stopTracks(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
