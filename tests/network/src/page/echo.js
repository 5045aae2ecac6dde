/** Two browsers without a server, the reference: one sends its camera, the other one sends back what it receives. */
window.reference = {
  /** Puts a codec first. */
  prefer(transceiver, codec) {
    const { codecs } = RTCRtpReceiver.getCapabilities('video');
    const rank = ({ mimeType, sdpFmtpLine = '' }) => {
      if (mimeType.toLowerCase() !== `video/${codec.toLowerCase()}`) return 2;
      return !sdpFmtpLine || /packetization-mode=1.*profile-level-id=42e0/.test(sdpFmtpLine) ? 0 : 1;
    };
    transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
  },

  /** Resolves when all candidates are in the description. */
  async gathered(peer) {
    while (peer.iceGatheringState !== 'complete') await new Promise((done) => setTimeout(done, 20));
    return peer.localDescription.sdp;
  },

  /** Returns the offer of the browser with the camera. */
  async offer(codec, degradation) {
    const { harness } = window;
    const peer = (this.peer = new RTCPeerConnection());
    harness.camera.track.contentHint = 'motion';
    const transceiver = peer.addTransceiver(harness.camera.track, { direction: 'sendrecv' });
    this.prefer(transceiver, codec);
    peer.addEventListener('track', ({ track, receiver }) => {
      receiver.jitterBufferTarget = 0;
      watch.pictures(track, harness.camera, harness.seen);
    });
    peer.addEventListener('connectionstatechange', () => {
      harness.note(peer.connectionState);
      harness.client.state = peer.connectionState === 'connected' ? 'live' : peer.connectionState;
    });
    harness.client = { id: 'reference', state: 'connecting' };
    harness.observe(() => peer);
    await peer.setLocalDescription(await peer.createOffer());
    const { sender } = transceiver;
    await sender.setParameters({
      ...sender.getParameters(),
      degradationPreference: degradation ?? 'maintain-resolution',
    });
    return this.gathered(peer);
  },

  /** Returns the answer of the other browser. */
  async answer(sdp, codec) {
    const peer = (this.peer = new RTCPeerConnection());
    peer.addEventListener('track', ({ track, receiver, transceiver }) => {
      receiver.jitterBufferTarget = 0;
      this.prefer(transceiver, codec);
      transceiver.direction = 'sendrecv';
      track.contentHint = 'motion';
      transceiver.sender.replaceTrack(track);
    });
    await peer.setRemoteDescription({ type: 'offer', sdp });
    await peer.setLocalDescription(await peer.createAnswer());
    return this.gathered(peer);
  },

  async accept(sdp) {
    window.harness.note('start');
    await this.peer.setRemoteDescription({ type: 'answer', sdp });
  },
};
