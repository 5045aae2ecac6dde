/** Statistics of a connection: rates from the browser's counters, and an estimate of the latency. */

/** @import { InputStats, Kind, Latency, MediaStats, OutputStats, Snapshot } from './types.js' */

/**
 * An entry of an `RTCStatsReport`; which members it has depends on its type and on the browser.
 * @typedef {Record<string, any> & {id: string, type: string}} Entry
 */

/** Turns the growing counters of `getStats` into rates and means since the previous report. */
export class StatsReader {
  /** @type {Map<string, Entry>} */
  #previous = new Map();

  /**
   * @param {RTCStatsReport} report
   * @returns {{input: InputStats|null, output: OutputStats|null, network: Snapshot['network']}}
   */
  read(report) {
    /** @type {Entry[]} */
    const entries = [...report.values()];
    const codecs = new Map(
      entries.filter(({ type }) => type === 'codec').map(({ id, mimeType }) => [id, mimeType.split('/')[1]]),
    );
    /** @type {ReturnType<StatsReader['read']>} */
    const result = { input: null, output: null, network: null };
    for (const entry of entries) {
      if (entry.type === 'outbound-rtp' && entry.kind === 'video' && entry.framesEncoded) {
        result.input = {
          ...this.#media(entry, codecs, 'bytesSent', 'framesEncoded'),
          encode_ms: this.#mean(entry, 'totalEncodeTime', 'framesEncoded'),
          limited: entry.qualityLimitationReason ?? 'none',
        };
      } else if (entry.type === 'inbound-rtp' && entry.kind === 'video' && entry.framesDecoded) {
        result.output = {
          ...this.#media(entry, codecs, 'bytesReceived', 'framesDecoded'),
          decode_ms: this.#mean(entry, 'totalDecodeTime', 'framesDecoded'),
          jitter_buffer_ms: this.#mean(entry, 'jitterBufferDelay', 'jitterBufferEmittedCount'),
          lost: entry.packetsLost ?? 0,
          freezes: entry.freezeCount ?? 0,
        };
      } else if (entry.type === 'candidate-pair' && entry.nominated && entry.currentRoundTripTime !== undefined) {
        const local = entries.find(({ id }) => id === entry.localCandidateId);
        result.network = { round_trip_ms: entry.currentRoundTripTime * 1000, path: local ? pathOf(local) : null };
      }
    }
    for (const entry of entries) this.#previous.set(entry.id, entry);
    return result;
  }

  /**
   * @param {Entry} entry
   * @param {Map<string, string>} codecs Names by id.
   * @param {string} bytes Name of the counter of bytes.
   * @param {string} frames Name of the counter of frames.
   * @returns {MediaStats}
   */
  #media(entry, codecs, bytes, frames) {
    return {
      width: entry.frameWidth,
      height: entry.frameHeight,
      fps: this.#rate(entry, frames),
      bitrate_bps: this.#rate(entry, bytes, 8),
      codec: codecs.get(entry.codecId) ?? null,
    };
  }

  /**
   * Growth of a counter since the previous report.
   * @param {Entry} entry
   * @param {string} counter
   * @returns {number}
   */
  #growth(entry, counter) {
    return (entry[counter] ?? 0) - (this.#previous.get(entry.id)?.[counter] ?? 0);
  }

  /**
   * Growth of a counter a second; null before the second report.
   * @param {Entry} entry
   * @param {string} counter
   * @param {number} [unit]
   */
  #rate(entry, counter, unit = 1) {
    const seconds = this.#growth(entry, 'timestamp') / 1000;
    return this.#previous.has(entry.id) && seconds > 0 ? (unit * this.#growth(entry, counter)) / seconds : null;
  }

  /**
   * Mean time for each counted item, ms.
   * @param {Entry} entry
   * @param {string} time Name of the counter of seconds.
   * @param {string} count Name of the counter of items.
   */
  #mean(entry, time, count) {
    const items = this.#growth(entry, count);
    return items > 0 ? (1000 * this.#growth(entry, time)) / items : 0;
  }
}

/** How packets travel from here. @param {Entry} candidate */
function pathOf({ candidateType, protocol = '', relayProtocol }) {
  const over = (relayProtocol ?? protocol).toUpperCase();
  return candidateType === 'relay' ? `TURN over ${over}` : over;
}

/**
 * Adds up the stages that a picture passes; null while the stages that matter are not known.
 * @param {Pick<Snapshot, 'server'|'input'|'output'|'network'>} snapshot
 * @param {Kind|undefined} kind Of the handler.
 * @returns {Latency|null}
 */
export function estimateLatency({ server, input, output, network }, kind) {
  const stages = server?.stages_ms;
  if (!stages || !network) return null;
  /** @param {string} name */
  const median = (name) => stages[name]?.p50 ?? 0;
  const parts = {
    encode: input?.encode_ms ?? 0,
    network: kind === 'generator' ? network.round_trip_ms / 2 : network.round_trip_ms,
    server: median('total') || median('decode') + median('wait') + median('handler') + median('encode'),
    jitter_buffer: output?.jitter_buffer_ms ?? 0,
    decode: output?.decode_ms ?? 0,
  };
  return { ...parts, total: Object.values(parts).reduce((sum, part) => sum + part, 0) };
}
