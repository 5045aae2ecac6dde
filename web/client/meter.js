/** Figures of a connection: rates from the browser's counters, and an estimate of the latency. */

/** Turns the ever-growing counters of `getStats` into rates and means since the reading before. */
export class Meter {
  #before = new Map();

  read(report) {
    const codecs = new Map();
    for (const entry of report.values()) if (entry.type === 'codec') codecs.set(entry.id, entry.mimeType.split('/')[1]);
    const result = { input: null, output: null, network: null };
    for (const entry of report.values()) {
      if (entry.type === 'outbound-rtp' && entry.kind === 'video' && entry.framesEncoded) {
        result.input = {
          ...this.#common(entry, codecs, 'bytesSent', 'framesEncoded'),
          encode_ms: this.#mean(entry, 'totalEncodeTime', 'framesEncoded'),
          limited: entry.qualityLimitationReason ?? 'none',
        };
      } else if (entry.type === 'inbound-rtp' && entry.kind === 'video' && entry.framesDecoded) {
        result.output = {
          ...this.#common(entry, codecs, 'bytesReceived', 'framesDecoded'),
          decode_ms: this.#mean(entry, 'totalDecodeTime', 'framesDecoded'),
          jitter_buffer_ms: this.#mean(entry, 'jitterBufferDelay', 'jitterBufferEmittedCount'),
          lost: entry.packetsLost ?? 0,
          freezes: entry.freezeCount ?? 0,
        };
      } else if (entry.type === 'candidate-pair' && entry.nominated && entry.currentRoundTripTime !== undefined) {
        result.network = { round_trip_ms: entry.currentRoundTripTime * 1000 };
      }
    }
    for (const entry of report.values()) this.#before.set(entry.id, entry);
    return result;
  }

  #common(entry, codecs, bytes, frames) {
    return {
      width: entry.frameWidth,
      height: entry.frameHeight,
      fps: this.#rate(entry, frames),
      bitrate_bps: this.#rate(entry, bytes, 8),
      codec: codecs.get(entry.codecId) ?? null,
    };
  }

  #since(entry, key) {
    return (entry[key] ?? 0) - (this.#before.get(entry.id)?.[key] ?? 0);
  }

  /** A second, once there are two readings. */
  #rate(entry, key, each = 1) {
    const seconds = this.#since(entry, 'timestamp') / 1000;
    return this.#before.has(entry.id) && seconds > 0 ? (each * this.#since(entry, key)) / seconds : null;
  }

  /** Milliseconds for each one. */
  #mean(entry, time, count) {
    const each = this.#since(entry, count);
    return each > 0 ? (1000 * this.#since(entry, time)) / each : 0;
  }
}

/** The way of a picture, added up; null as long as the parts that matter are not known. */
export function latency({ server, input, output, network }, kind) {
  const stages = server?.stages_ms;
  if (!stages || !network) return null;
  const one = (name) => stages[name]?.p50 ?? 0;
  const parts = {
    encode: input?.encode_ms ?? 0,
    network: kind === 'generator' ? network.round_trip_ms / 2 : network.round_trip_ms,
    server: one('total') || one('decode') + one('wait') + one('handler') + one('encode'),
    jitter_buffer: output?.jitter_buffer_ms ?? 0,
    decode: output?.decode_ms ?? 0,
  };
  return { ...parts, total: Object.values(parts).reduce((sum, part) => sum + part, 0) };
}
