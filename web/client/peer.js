/** The WebRTC connection to the server: its signalling and its data channel. */

import { FrameboxError, offerError, watchError } from './errors.js';
import { jsonRequest, withHeaders } from './server.js';
import { followUplink } from './uplink.js';

/** One WebRTC connection. Nothing happens after `signal` was aborted. */
export class Peer {
  #server;
  #id;
  #signal;
  #query = '';
  #paths;
  #toError;
  #ice;
  /** Errors of STUN and TURN servers, the latest last. @type {string[]} */
  #serverErrors = [];
  #relays = 0;
  /** Candidates that the server refused because it had not seen the offer yet. @type {(RTCIceCandidate|null)[]} */
  #refusedCandidates = [];
  #answered = false;

  /**
   * @param {import('./server.js').Server} server
   * @param {import('./connection.js').Connection} connection Whose peer it is.
   * @param {RTCIceTransportPolicy} iceTransportPolicy
   */
  constructor(server, connection, iceTransportPolicy) {
    this.#server = server;
    this.#id = connection.id;
    this.#paths = connection.paths;
    this.#toError = connection.paths.offer.startsWith('streams/') ? watchError : offerError;
    this.#signal = connection.signal;
    this.#ice = connection.iceServers();
    /** The browser's connection. */
    this.rtc = new RTCPeerConnection({ iceTransportPolicy, bundlePolicy: 'max-bundle' });
    /** Sends the input; null where nothing is sent. @type {RTCRtpSender|null} */
    this.sender = null;
    this.channel = this.rtc.createDataChannel('text');
    /** The response to the offer, once the offer was posted. @type {Promise<Response>|null} */
    this.offer = null;
  }

  /**
   * Sends an offer and applies the answer; from there on ICE establishes the connection.
   * @param {MediaStream|null} input
   * @param {RTCRtpTransceiverDirection} direction
   * @param {Record<string, unknown>} options For the query of the offer; null and undefined are left out.
   */
  async open(input, direction, options) {
    const { rtc } = this;
    const sends = direction !== 'recvonly';
    const track = sends ? input?.getVideoTracks()[0] : null;
    if (sends && !track) throw new FrameboxError('camera-missing', 'The stream has no video.');
    hintMotion(track);
    const transceiver = rtc.addTransceiver(track ?? 'video', { direction, streams: track && input ? [input] : [] });
    preferH264(transceiver);
    if (sends) this.sender = transceiver.sender;
    rtc.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate?.type === 'relay') this.#relays += 1;
      this.#trickle(candidate);
    });
    rtc.addEventListener('icecandidateerror', ({ url, errorCode, errorText }) => {
      this.#serverErrors = [...this.#serverErrors.slice(-3), `${url}: ${errorText || errorCode}`];
    });

    const { type, sdp } = await rtc.createOffer();
    this.#signal.throwIfAborted();
    const given = Object.entries(options).filter(([, value]) => value !== null && value !== undefined);
    this.#query = given.length ? `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}` : '';
    // The offer leaves at once: it has no candidates, which are gathered, and the servers for that asked for, meanwhile.
    // A posted offer is never aborted: the server might accept it after the DELETE that is to end its session.
    this.offer = this.#post({ sdp, type, webrtc_id: this.#id });
    const [response] = await Promise.all([this.offer, this.#gather({ type, sdp })]);
    this.#server.keepSecret(this.#paths.own, response.headers.get('Session-Secret'));
    const answer = await response.json();
    this.#signal.throwIfAborted();
    if (!answer.sdp) throw this.#toError(response, answer);
    await rtc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    this.#signal.throwIfAborted();
    this.#answered = true;
    for (const candidate of this.#refusedCandidates.splice(0)) this.#trickle(candidate);
  }

  /**
   * Restarts ICE: the session goes on over another path.
   * @param {RTCIceServer[]} iceServers
   * @param {AbortSignal} signal Gives the attempt up.
   * @throws {FrameboxError} Everything is as before then.
   */
  async restart(iceServers, signal) {
    const { rtc } = this;
    this.#configure(iceServers);
    const offer = await rtc.createOffer({ iceRestart: true });
    await rtc.setLocalDescription(offer);
    try {
      const { type, sdp } = offer;
      const response = await this.#post({ sdp, type, webrtc_id: this.#id, restart: true }, signal);
      const answer = await response.json();
      if (!answer.sdp) throw this.#toError(response, answer);
      await rtc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    } catch (error) {
      if (rtc.signalingState === 'have-local-offer') await rtc.setLocalDescription({ type: 'rollback' }).catch(() => {});
      throw error;
    }
  }

  /** Why there may be no path, as far as this side knows; null when it knows nothing. @returns {string|null} */
  get obstacle() {
    if (this.rtc.getConfiguration().iceTransportPolicy !== 'relay' || this.#relays) return null;
    const errors = this.#serverErrors.length ? ` (${this.#serverErrors.join('; ')})` : '';
    return `Only TURN servers may be used, and none of them relays${errors}.`;
  }

  /** Begins to look for a path, with the servers that help. @param {RTCSessionDescriptionInit} offer */
  async #gather(offer) {
    this.#configure(await this.#ice);
    this.#signal.throwIfAborted();
    await this.rtc.setLocalDescription(offer);
    if (this.sender) void followUplink(this.rtc, this.sender);
  }

  /** @param {RTCIceServer[]} iceServers */
  #configure(iceServers) {
    if (iceServers.length) this.rtc.setConfiguration({ ...this.rtc.getConfiguration(), iceServers });
  }

  get isOpen() {
    return this.channel.readyState === 'open';
  }

  /** Sends a message on the data channel, which has to be open. @param {object} message */
  send(message) {
    this.channel.send(JSON.stringify(message));
  }

  /** Replaces the track that is sent, within the same session. @param {MediaStreamTrack} track */
  async replaceTrack(track) {
    if (!this.sender) throw new FrameboxError('not-connected', 'This session sends no video.');
    hintMotion(track);
    await this.sender.replaceTrack(track);
  }

  close() {
    this.channel.close();
    this.rtc.close();
  }

  /**
   * Sends a candidate. It may overtake its offer; one that the server refuses for that is sent again after the answer.
   * @param {RTCIceCandidate|null} candidate Null: there are no more.
   * @returns {Promise<void>}
   */
  async #trickle(candidate) {
    if (this.#signal.aborted) return;
    const { candidate: line = '', sdpMid = '0', sdpMLineIndex = 0 } = candidate ?? {};
    const body = { type: 'ice-candidate', webrtc_id: this.#id, candidate: { candidate: line, sdpMid, sdpMLineIndex } };
    const early = !this.#answered;
    const accepted = await this.#post(body, this.#signal)
      .then(async (response) => (await response.json()).status !== 'failed')
      .catch(() => false);
    if (accepted || !early) return;
    if (this.#answered) this.#trickle(candidate);
    else this.#refusedCandidates.push(candidate);
  }

  /** @param {object} body @param {AbortSignal} [signal] */
  #post(body, signal) {
    const request = withHeaders(jsonRequest('POST', body, signal), this.#server.secretHeaders(this.#paths.own));
    return this.#server.request(this.#server.url(this.#paths.offer + this.#query), request, this.#toError);
  }
}

/** Asks for an even frame rate, unless whoever opened the track asked for something else. @param {MediaStreamTrack|null|undefined} track */
function hintMotion(track) {
  if (track && !track.contentHint) track.contentHint = 'motion';
}

/**
 * Puts H.264 first, and of it the profile and packetization mode that every server decodes; other codecs remain.
 * @param {RTCRtpTransceiver} transceiver
 */
function preferH264(transceiver) {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.('video')?.codecs;
  if (!codecs || typeof transceiver.setCodecPreferences !== 'function') return;
  /** @param {RTCRtpCodec} codec */
  const rank = ({ mimeType, sdpFmtpLine = '' }) => {
    if (mimeType.toLowerCase() !== 'video/h264') return 3;
    if (!sdpFmtpLine.includes('packetization-mode=1')) return 2;
    return /profile-level-id=42[ce]0/i.test(sdpFmtpLine) ? 0 : 1;
  };
  try {
    transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
  } catch {
    // The browser's default order works as well.
  }
}
