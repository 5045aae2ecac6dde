/** What the browser lowers when its uplink is short: first the frame rate, and where that sinks too far the size of the picture. */

import { sleep } from './promise.js';

/** Time between two looks, ms. */
const INTERVAL = 500;
/** Time in which the browser learns what the uplink carries, ms. */
const LEARNING = 2000;
/** Part of the camera's frame rate that has to be sent. */
const ENOUGH = 0.7;
/** Looks in a row that find less. */
const PATIENCE = 4;

/**
 * Keeps the resolution of what is sent, so that the first pictures are not small, until the frame rate shows that the uplink does not
 * carry it; from then on the browser keeps the frame rate and chooses the size.
 * @param {RTCPeerConnection} rtc Its end ends this.
 * @param {RTCRtpSender} sender
 */
export async function followUplink(rtc, sender) {
  if (!(await prefer(sender, 'maintain-resolution'))) return;
  let [short, since] = [0, 0];
  while (rtc.connectionState !== 'closed' && short < PATIENCE) {
    await sleep(INTERVAL);
    const rates = await frameRates(sender).catch(() => null);
    if (rates) since += INTERVAL;
    short = rates && since > LEARNING && rates.sent < ENOUGH * rates.camera ? short + 1 : 0;
  }
  await prefer(sender, 'maintain-framerate');
}

/**
 * The frame rates of the camera and of what is sent. (`qualityLimitationReason` tells nothing of frames that are left out.)
 * @param {RTCRtpSender} sender
 * @returns {Promise<{camera: number, sent: number}|null>}
 */
async function frameRates(sender) {
  const stats = [...(await sender.getStats()).values()];
  const camera = stats.find(({ type }) => type === 'media-source')?.framesPerSecond;
  const sent = stats.find(({ type }) => type === 'outbound-rtp');
  if (!camera || !sent?.framesEncoded) return null;
  return { camera, sent: sent.framesPerSecond ?? 0 };
}

/**
 * @param {RTCRtpSender} sender
 * @param {'maintain-framerate'|'maintain-resolution'} preference
 * @returns {Promise<boolean>} Whether the browser supports it.
 */
async function prefer(sender, preference) {
  try {
    await sender.setParameters({ ...sender.getParameters(), degradationPreference: preference });
    return true;
  } catch {
    return false;
  }
}
