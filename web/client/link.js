/** The way to the server: the peer connection, its signalling, and the data channel on it. */

import { FrameboxError, refusal } from './fault.js';
import { sending } from './server.js';

/** Makes and keeps one connection. It never reports after `signal` was aborted. */
export class Link {
  #server;
  #id;
  #signal;
  #query = '';
  #early = []; // candidates that the server could not place
  #answered = false;

  /**
   * @param {import('./server.js').Server} server
   * @param {string} id Of the session, unique.
   * @param {AbortSignal} signal
   * @param {RTCIceServer[]} iceServers
   */
  constructor(server, id, signal, iceServers) {
    this.#server = server;
    this.#id = id;
    this.#signal = signal;
    this.peer = new RTCPeerConnection({ iceServers, bundlePolicy: 'max-bundle' });
    /** What sends the input; null where nothing is sent. @type {RTCRtpSender|null} */
    this.sender = null;
    /** @type {RTCDataChannel} */
    this.channel = this.peer.createDataChannel('text');
    /** The answer to the offer, while it is on its way and after. @type {Promise<Response>|null} */
    this.offer = null;
  }

  /**
   * Offers, and takes the answer; after that it is up to the network.
   * @param {MediaStream|null} input
   * @param {RTCRtpTransceiverDirection} direction
   * @param {Object<string, unknown>} wishes For the query of the offer; null and undefined are left out.
   */
  async open(input, direction, wishes) {
    const { peer } = this;
    const sends = direction !== 'recvonly';
    const track = sends ? input?.getVideoTracks()[0] : null;
    if (sends && !track) throw new FrameboxError('camera-missing', 'The stream has no video.');
    if (track) track.contentHint = 'motion';
    const transceiver = peer.addTransceiver(track ?? 'video', { direction, streams: track ? [input] : [] });
    preferH264(transceiver);
    if (sends) this.sender = transceiver.sender;
    peer.addEventListener('icecandidate', ({ candidate }) => this.#trickle(candidate));

    await peer.setLocalDescription(await peer.createOffer());
    this.#signal.throwIfAborted();
    if (this.sender) await keepResolution(this.sender);
    const known = Object.entries(wishes).filter(([, value]) => value !== null && value !== undefined);
    this.#query = known.length ? `?${new URLSearchParams(known)}` : '';
    const { type, sdp } = peer.localDescription;
    // An offer on its way is never aborted: the server might take it after the DELETE that was to undo it.
    this.offer = this.#post({ sdp, type, webrtc_id: this.#id });
    const response = await this.offer;
    const answer = await response.json();
    this.#signal.throwIfAborted();
    if (!answer.sdp) throw refusal(response, answer);
    await peer.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    this.#signal.throwIfAborted();
    this.#answered = true;
    for (const candidate of this.#early.splice(0)) this.#trickle(candidate);
  }

  get isOpen() {
    return this.channel.readyState === 'open';
  }

  /** Says something on the data channel, which has to be open. */
  send(message) {
    this.channel.send(JSON.stringify(message));
  }

  /** Sends another track instead, without a new session. */
  async replaceTrack(track) {
    if (!this.sender) throw new FrameboxError('not-connected', 'No video is sent.');
    track.contentHint = 'motion';
    await this.sender.replaceTrack(track);
  }

  close() {
    this.channel.close();
    this.peer.close();
  }

  /** A candidate may overtake the offer that it belongs to; one that the server cannot place goes again later. */
  async #trickle(candidate) {
    if (this.#signal.aborted) return;
    const { candidate: line = '', sdpMid = '0', sdpMLineIndex = 0 } = candidate ?? {};
    const body = { type: 'ice-candidate', webrtc_id: this.#id, candidate: { candidate: line, sdpMid, sdpMLineIndex } };
    const early = !this.#answered;
    const taken = await this.#post(body, this.#signal)
      .then(async (response) => (await response.json()).status !== 'failed')
      .catch(() => false);
    if (taken || !early) return;
    if (this.#answered) this.#trickle(candidate);
    else this.#early.push(candidate);
  }

  #post(body, signal) {
    return this.#server.ask(this.#server.at(`webrtc/offer${this.#query}`), sending('POST', body, signal));
  }
}

/** H.264 first, of it the profile and packetisation that every server understands; the others stay as a choice. */
function preferH264(transceiver) {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.('video')?.codecs;
  if (!codecs || !transceiver.setCodecPreferences) return;
  const rank = ({ mimeType, sdpFmtpLine = '' }) => {
    if (mimeType.toLowerCase() !== 'video/h264') return 3;
    if (!sdpFmtpLine.includes('packetization-mode=1')) return 2;
    return /profile-level-id=42[ce]0/i.test(sdpFmtpLine) ? 0 : 1;
  };
  try {
    transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
  } catch {
    // The browser's own order is good, too.
  }
}

/** When bandwidth is short, the handler is given fewer pictures rather than smaller ones. */
async function keepResolution(sender) {
  try {
    await sender.setParameters({ ...sender.getParameters(), degradationPreference: 'maintain-resolution' });
  } catch {
    // Not every browser has it.
  }
}
