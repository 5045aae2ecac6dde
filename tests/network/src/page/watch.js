/** What is seen of a session: every picture that arrives, and the browser's statistics. */
const watch = (() => {
  /** Pictures that may wait to be read. */
  const WAITING = 8;

  /** Notes when each picture of the track arrives, which one it is, and its size. */
  async function pictures(track, camera, seen) {
    const reader = new MediaStreamTrackProcessor({ track, maxBufferSize: WAITING }).readable.getReader();
    for (;;) {
      const { done, value: frame } = await reader.read();
      if (done) return;
      const at = performance.now();
      const number = await Camera.read(frame).catch(() => null);
      const { width, height } = frame.visibleRect;
      frame.close();
      const latency = number === null ? null : camera.latency(number, at);
      seen.push([performance.timeOrigin + at, number, latency, width, height]);
    }
  }

  const KEPT = {
    'inbound-rtp': [
      'framesReceived', 'framesDecoded', 'framesDropped', 'framesPerSecond', 'frameWidth', 'frameHeight', 'keyFramesDecoded',
      'bytesReceived', 'retransmittedBytesReceived', 'packetsReceived', 'packetsLost', 'retransmittedPacketsReceived', 'qpSum',
      'freezeCount', 'totalFreezesDuration', 'jitterBufferDelay', 'jitterBufferEmittedCount', 'nackCount', 'pliCount',
      'totalDecodeTime',
    ],
    'outbound-rtp': [
      'framesSent', 'framesEncoded', 'framesPerSecond', 'frameWidth', 'frameHeight', 'bytesSent', 'retransmittedBytesSent',
      'targetBitrate', 'qpSum', 'nackCount', 'pliCount', 'qualityLimitationReason', 'hugeFramesSent', 'keyFramesEncoded',
    ],
    'remote-inbound-rtp': ['roundTripTime', 'fractionLost'],
  };

  /** One reading of the browser's statistics. */
  async function statistics(peer) {
    const report = await peer.getStats();
    const kept = { at: performance.timeOrigin + performance.now() };
    for (const entry of report.values()) {
      if (entry.kind === 'video' && KEPT[entry.type]) {
        kept[entry.type] = Object.fromEntries(KEPT[entry.type].map((name) => [name, entry[name] ?? null]));
        kept[entry.type].codec = report.get(entry.codecId)?.mimeType ?? null;
      }
      if (entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded') {
        const remote = report.get(entry.remoteCandidateId);
        kept.pair = {
          roundTripTime: entry.currentRoundTripTime ?? null,
          available: entry.availableOutgoingBitrate ?? null,
          protocol: remote?.protocol ?? null,
        };
      }
    }
    return kept;
  }

  return { pictures, statistics };
})();
