/** Shapes of what the client takes and gives, for editors and readers; there is nothing here to import. */

/**
 * `idle` before the first start, `connecting` until video can flow, `live`, `interrupted` while the connection is lost
 * but may come back, `ended`.
 * @typedef {'idle'|'connecting'|'live'|'interrupted'|'ended'} State
 */

/**
 * A handler as `GET /handlers/{name}` describes it.
 * @typedef {{name: string, kind: 'transform'|'generator'|'observer', title: string, summary: string,
 *   size: {width: number, height: number}|null, fps: number|null, parameters: object[], outputs: object[]}} Handler
 */

/**
 * What is known about a running session. Every part is null as long as it is not known.
 * @typedef {object} Snapshot
 * @property {State} state
 * @property {object|null} server The session's statistics as the server keeps them (`GET /sessions/{id}`).
 * @property {{width: number, height: number, fps: number, bitrate_bps: number, codec: string, encode_ms: number,
 *   limited: string}|null} input What this browser sends; `limited`: what holds its quality down (none, cpu,
 *   bandwidth).
 * @property {{width: number, height: number, fps: number, bitrate_bps: number, codec: string, decode_ms: number,
 *   jitter_buffer_ms: number, lost: number, freezes: number}|null} output What this browser receives.
 * @property {{round_trip_ms: number}|null} network
 * @property {{total: number, encode: number, network: number, server: number, jitter_buffer: number,
 *   decode: number}|null} latency An estimate, ms, from a captured picture to its processed one on the screen.
 */

/**
 * @typedef {object} Options
 * @property {string} [server] Address of the server; empty: relative to the page.
 * @property {string|null} [token] A token of the server with the scope `watch`; not needed where it is open.
 * @property {string|Handler|null} [handler] Its name or its description; null: the server's default.
 * @property {Object<string, unknown>} [parameters] Values to begin with; the others keep their defaults.
 * @property {number|null} [fps] Frames a second of a handler that makes its own video, 1 to 120; null: its own choice.
 * @property {'latest'|'adaptive'|'never'|null} [policy] Which frames the handler is given; null: the server's choice.
 * @property {'hold'|'passthrough'|null} [unprocessed] What is shown for a frame without a result; null: the same.
 * @property {boolean} [log] Whether there are `log` events. With `onLog` they need not be asked for.
 * @property {boolean} [frames] Whether there are `frames` events.
 * @property {number} [statsInterval] Time between two `stats` events, ms; 0: none, and no `frames` either.
 * @property {RTCIceServer[]} [iceServers]
 * @property {(detail: object) => void} [onState] As `onInput`, `onTrack`, `onSession`, `onParameters`, `onValues`,
 *   `onWarning`, `onError`, `onLog`, `onFrames`, `onPolicy`, `onStats` and `onEnd`: called with the `detail` of each
 *   event of that name.
 */

/**
 * @typedef {object} StartOptions
 * @property {MediaStream|null} [stream] What to send, the caller's to stop; default: a camera, if one is needed.
 * @property {MediaTrackConstraints} [constraints] For the camera that is opened.
 * @property {RTCRtpTransceiverDirection} [direction] Default: as the kind of the handler asks for.
 */

export {};
