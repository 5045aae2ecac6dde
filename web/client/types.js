/** Types of what the client takes and returns, for editors and the type check. Nothing here is imported at run time. */

/**
 * `idle` before the first start, `connecting` until video can flow, `live`, `interrupted` while the connection is lost
 * but may come back, `ended`.
 * @typedef {'idle'|'connecting'|'live'|'interrupted'|'ended'} State
 */

/**
 * Values of parameters or of additional outputs, by id.
 * @typedef {Record<string, unknown>} Values
 */

/**
 * What a handler does with video: `transform` processes the camera's, `generator` makes its own, `observer` returns
 * values only.
 * @typedef {'transform'|'generator'|'observer'} Kind
 */

/** @typedef {{width: number, height: number}} Size */

// Handlers

/**
 * A handler as `GET /handlers/{name}` describes it.
 * @typedef {object} Handler
 * @property {string} name
 * @property {Kind} kind
 * @property {string} title
 * @property {string} summary
 * @property {Size|null} size The size at which it wants frames.
 * @property {number|null} fps The rate at which it wants or makes frames, frames a second.
 * @property {Parameter[]} parameters
 * @property {Output[]} outputs
 * @property {string} digest `sha256:` and 64 hexadecimal digits.
 * @property {number} version The active version.
 * @property {boolean} builtin Whether it is part of the server.
 */

/** @typedef {{id: string, label: string, help?: string|null, group?: string|null}} ParameterBase */
/**
 * @typedef {ParameterBase & {kind: 'number'|'integer', min: number, max: number, step: number, default: number,
 *   unit?: string|null}} NumberParameter
 */
/** @typedef {ParameterBase & {kind: 'toggle', default: boolean}} ToggleParameter */
/**
 * @typedef {ParameterBase & {kind: 'choice', options: {id: string, label: string}[], default: string}}
 *   ChoiceParameter
 */
/** @typedef {ParameterBase & {kind: 'text', max_chars: number, multiline?: boolean, default?: string}} TextParameter */
/** @typedef {ParameterBase & {kind: 'color', default: string}} ColorParameter */
/** @typedef {ParameterBase & {kind: 'button'}} ButtonParameter */
/**
 * A parameter of a handler.
 * @typedef {NumberParameter|ToggleParameter|ChoiceParameter|TextParameter|ColorParameter|ButtonParameter} Parameter
 */

/** @typedef {'number'|'gauge'|'text'|'json'|'image'|'table'|'plot'} OutputKind */
/**
 * An additional output of a handler: a value that it returns besides pictures.
 * @typedef {{id: string, label: string, kind: OutputKind, unit?: string|null}} Output
 */

// The catalog

/**
 * A version of a handler.
 * @typedef {object} Version
 * @property {number} version
 * @property {string} digest
 * @property {Kind} kind
 * @property {number} bytes
 * @property {string|null} uploaded When it was uploaded (RFC 3339).
 * @property {boolean} active
 * @property {number} sessions Live sessions that use it.
 * @property {string|null} rolled_back Why it was rolled back, if it was.
 */
/** @typedef {{version: number, share: number}} Canary */
/** @typedef {{versions: Version[], active: number|null, canary: Canary|null}} Versions */
/** @typedef {{name: string, version: number, digest: string, active: boolean}} Uploaded */
/**
 * Progress of an upload. `part`: the part that is done, 0 to 1; null where it is not known.
 * @typedef {{stage: 'sending'|'checking'|'queued'|'compiling'|'describing'|'storing', part: number|null,
 *   place?: number}} Progress
 */
/**
 * @typedef {object} UploadOptions
 * @property {boolean} [activate] Whether sessions get the version at once (the default).
 * @property {Record<string, number>} [limits] Limits of the version: keys of the server's `[limits]`.
 * @property {AbortSignal} [signal] Cancels the upload.
 * @property {(progress: Progress) => void} [onProgress]
 */

// Sessions

/** @typedef {'latest'|'adaptive'|'never'} SkipPolicy */
/** @typedef {'hold'|'passthrough'} Unprocessed */
/**
 * Which frames the handler is given, and what is shown for the others.
 * @typedef {{policy: SkipPolicy, unprocessed: Unprocessed}} Policy
 */

/**
 * Values that hold after a change. `sequence`: the first frame that they hold for; null while the handler is busy with
 * an earlier frame.
 * @typedef {{parameters: Values, sequence: number|null}} Applied
 */

/** @typedef {'debug'|'info'|'warn'|'error'} LogLevel */
/** @typedef {{n: number, at_ms: number, level: LogLevel, message: string}} LogLine */

/**
 * The outcome of one frame, and the time each stage took, microseconds.
 * @typedef {object} FrameRecord
 * @property {number} sequence
 * @property {number} pts_us
 * @property {'processed'|'skipped'|'failed'|'finished'} outcome
 * @property {string|null} [reason] Why it was skipped, or what failed.
 * @property {'handler'|'input'|'host'|null} [cause] Who caused the failure.
 * @property {number} decode_us
 * @property {number} wait_us
 * @property {number} handler_us
 * @property {number} encode_us
 * @property {number} fuel
 */

/** @typedef {Record<string, number>} Counts */
/** @typedef {{p50: number, p95?: number}} Quantiles */

/**
 * A session's statistics, as the server keeps them (`GET /sessions/{id}`). The server may add members.
 * @typedef {object} ServerStats
 * @property {string} id
 * @property {string} handler
 * @property {string} digest
 * @property {string} state
 * @property {number} age_ms
 * @property {SkipPolicy} [policy]
 * @property {Unprocessed} [unprocessed]
 * @property {{call_ms: number, call_fuel: number, memory_bytes: number}} [budget]
 * @property {{received: number, processed: number, skipped?: Counts, failed?: Counts, sent: number}} [frames]
 * @property {Record<string, Quantiles>} [stages_ms]
 * @property {{p50: number, p95: number, last: number}} [fuel]
 * @property {{received_fps: number, processed_fps: number, sent_fps: number}} [rates]
 * @property {number} [bitrate_bps]
 * @property {number} [memory_bytes]
 * @property {number} [instances_made]
 * @property {Rendition[]} [renditions]
 */

/**
 * What the server encodes at the moment, and for how many.
 * @typedef {object} Rendition
 * @property {string} codec
 * @property {{width: number, height: number}|null} picture
 * @property {number} bitrate_bps
 * @property {number} viewers
 */

/**
 * @typedef {object} MediaStats
 * @property {number} [width]
 * @property {number} [height]
 * @property {number|null} fps
 * @property {number|null} bitrate_bps
 * @property {string|null} codec
 */
/**
 * What this browser sends. `limited`: what limits its quality (none, cpu, bandwidth).
 * @typedef {MediaStats & {encode_ms: number, limited: string}} InputStats
 */
/**
 * What this browser receives.
 * @typedef {MediaStats & {decode_ms: number, jitter_buffer_ms: number, lost: number, freezes: number}} OutputStats
 */
/**
 * An estimate of the time from a captured picture to its processed one on the screen, ms.
 * @typedef {{total: number, encode: number, network: number, server: number, jitter_buffer: number, decode: number}}
 *   Latency
 */
/**
 * Statistics of a running session. Each part is null while it is not known.
 * @typedef {object} Snapshot
 * @property {State} state
 * @property {ServerStats|null} server
 * @property {InputStats|null} input
 * @property {OutputStats|null} output
 * @property {{round_trip_ms: number, path: string|null}|null} network `path`: UDP, TCP, TURN over UDP and the like.
 * @property {Latency|null} latency
 */

// Streams

/**
 * `idle`: nobody watches, and it is not started; `waiting`: for its publisher, or the source's first picture; `live`;
 * `away`: publisher or source are gone for the moment, and the last picture stands; `failed`; `ending`.
 * @typedef {'idle'|'waiting'|'live'|'away'|'failed'|'ending'} StreamState
 */
/** Who may watch: anyone, whoever has a token with the scope `watch`, or only the owner. @typedef {'anyone'|'watch'|'owner'} Audience */

/**
 * A stream as `GET /streams` lists it.
 * @typedef {object} StreamSummary
 * @property {string} name
 * @property {string} title May be empty.
 * @property {string} handler
 * @property {Kind|null} kind Of the handler; null while it is not known.
 * @property {'session'|'publish'|'source'|'clock'} input
 * @property {StreamState} state
 * @property {number} viewers
 * @property {number} age_ms
 * @property {Audience} watch
 * @property {'viewers'|'owner'} control Who may change its parameters.
 * @property {boolean} own Whether it belongs to the caller.
 * @property {boolean} may_control Whether the caller may change its parameters.
 */
/**
 * A stream as `GET /streams/{name}` describes it. `message`: what happened last.
 * @typedef {StreamSummary & {session: ServerStats|null, message: string|null}} StreamReport
 */
/**
 * What holds for viewers of a stream. `away_s`: how long it outlives its publisher, s.
 * @typedef {{title?: string|null, watch?: Audience, control?: 'viewers'|'owner', away_s?: number}} StreamOptions
 */
/** @typedef {StreamOptions & Partial<Policy> & {parameters?: Values}} StreamChange */
/** Without a name it gets one that nobody guesses. @typedef {StreamOptions & {name?: string}} PublishOptions */
/**
 * A stream to be made. `input`: a publisher (by WHIP), the handler's own clock, a session, or a source of the server's.
 * @typedef {StreamChange & {name?: string, handler?: string, fps?: number,
 *   input: 'publish'|'clock'|{session: string}|{source: string}}} NewStream
 */
/**
 * The recording of a stream. `active`: whether it goes on; `problem`: what is wrong with it, in words.
 * @typedef {{active: boolean, file: string|null, started: string|null, duration_ms: number, bytes: number, dropped: number,
 *   problem: string|null}} RecordingStatus
 */
/**
 * A file of a recording. `started`: when it began (RFC 3339); `before`: it has what the publisher sent; `active`: whether it
 * is being written.
 * @typedef {{file: string, started: string, duration_ms: number|null, bytes: number, before: boolean, active: boolean}}
 *   RecordedFile
 */

/**
 * How the server is reached. `ttl`: how long the credentials may be used, s; null: for ever. `disconnectTimeout`: how
 * long a session outlives its connection, s.
 * @typedef {{iceServers: RTCIceServer[], ttl: number|null, disconnectTimeout?: number}} Ice
 */

// Events

/**
 * A warning or an error. `parameter` and `request`: the parameter and the request that caused it, if one did.
 * @typedef {{code: string, message: string, parameter?: string, request?: number}} Notice
 */

/**
 * What the events carry in `detail`, by their type.
 * @typedef {object} EventDetails
 * @property {{state: State, previous: State}} state
 * @property {{attempt: number}} reconnect
 * @property {{stream: MediaStream}} input
 * @property {{stream: MediaStream, track: MediaStreamTrack}} track
 * @property {{id: string, handler: Handler, parameters: Values}} session
 * @property {{handler: Handler, parameters: Values, from: number, version: number, sequence: number}} swap
 * @property {{state: 'running'|'failed'|'done', message: string}} build
 * @property {Applied & {request?: number}} parameters
 * @property {{sequence: number, pts_us: number, values: Values}} values
 * @property {Notice} warning
 * @property {Notice} error
 * @property {LogLine & {dropped: number}} log
 * @property {{frames: FrameRecord[]}} frames
 * @property {Policy} policy
 * @property {Snapshot} stats
 * @property {{code: string, message: string}} end
 */

/**
 * Dispatches an event.
 * @typedef {<T extends keyof EventDetails>(type: T, detail: EventDetails[T]) => void} Emit
 */

/**
 * Callbacks for events, each called with the event's `detail`: `onState`, `onInput`, `onTrack` and so on.
 * @typedef {{[T in keyof EventDetails as `on${Capitalize<T>}`]?: (detail: EventDetails[T]) => void}} EventCallbacks
 */

/**
 * A message of the server on the data channel.
 * @typedef {{type: 'session', data: EventDetails['session']}
 *   | {type: 'stats', data: ServerStats, frames?: FrameRecord[]}
 *   | {type: 'parameters', parameters: Values, sequence: number, request?: number}
 *   | {type: 'swapped', handler: Handler, parameters: Values, from: number, version: number, sequence: number}
 *   | {type: 'build', state: 'running'|'failed'|'done', message?: string}
 *   | {type: 'values', sequence: number, pts_us: number, values: Values}
 *   | {type: 'policy', policy: SkipPolicy, unprocessed: Unprocessed}
 *   | NoticeMessage
 *   | {type: 'log', data: string, level: LogLevel, n: number, at_ms: number}
 *   | {type: 'end_stream', data: string}} ServerMessage
 */
/**
 * @typedef {{type: 'warning'|'error', message?: string, data?: string, code?: string, request?: number}} NoticeMessage
 */

// Options

/**
 * @typedef {object} SessionOptions
 * @property {string} [server] Address of the server; empty: relative to the page.
 * @property {string|null} [token] A token of the server with the scope `watch`, where the server requires one.
 * @property {string|Handler|null} [handler] Its name or its description; null: the server's default.
 * @property {string|null} [stream] Name of a stream to watch, in place of a handler: no video is sent, and neither handler,
 *   parameters, rate nor policy are of effect.
 * @property {Values} [parameters] Values to start with; the other parameters keep their defaults.
 * @property {number|null} [fps] Frame rate of a handler that makes its own video, 1 to 120; null: the handler's own.
 * @property {SkipPolicy|null} [policy] Which frames the handler is given; null: the server's default.
 * @property {Unprocessed|null} [unprocessed] What is shown for a frame without a result; null: the server's default.
 * @property {boolean} [log] Whether to dispatch `log` events. With `onLog` this is the default.
 * @property {boolean} [frames] Whether to dispatch `frames` events.
 * @property {number} [statsInterval] Time between two `stats` events, ms; 0: none, and no `frames` events either.
 * @property {RTCIceServer[]|null} [iceServers] STUN and TURN servers; null: those that the server names.
 * @property {RTCIceTransportPolicy} [iceTransportPolicy] `relay`: only by TURN servers.
 */
/** @typedef {SessionOptions & EventCallbacks} Options */

/**
 * @typedef {object} StartOptions
 * @property {MediaStream|null} [stream] What to send; the caller stops it. Default: a camera, if one is needed.
 * @property {MediaTrackConstraints} [constraints] For the camera that is opened.
 * @property {RTCRtpTransceiverDirection} [direction] Default: what the kind of the handler needs.
 */

export {};
