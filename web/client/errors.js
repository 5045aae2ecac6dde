/** Errors, with a code for programs and a text for people. */

/**
 * Details of an error.
 * @typedef {object} ErrorDetails
 * @property {unknown} [cause]
 * @property {number} [status] HTTP status of the response.
 * @property {number} [retryAfter] Seconds to wait before another try.
 * @property {number} [limit] Sessions that the server runs at most.
 * @property {string} [parameter] The parameter that was refused.
 * @property {Record<string, string>} [parameters] The parameters that were refused, each with the reason.
 */

/**
 * The body of an error response: of RFC 9457, or with `meta` as FastRTC sends it.
 * @typedef {{title?: string, detail?: string, parameters?: Record<string, string>,
 *   meta?: {error?: unknown, message?: string, limit?: number}}|null} ErrorBody
 */

/**
 * Something that did not work, with a `code` for programs and a `message` for people.
 *
 * Codes: `insecure-context`, `unsupported`, `camera-missing`, `camera-refused`, `camera-busy`, `camera-unsuited`,
 * `server-unreachable`, `server-full`, `not-allowed`, `handler-unknown`, `offer-refused`, `connect-failed`,
 * `connection-lost`, `session-gone`, `not-connected`, `already-started`, `stopped`, `finished`, `parameter`, `refused`,
 * `stream-unknown`, `stream-full`, `stream-not-live`, `stream-taken`, and those of the server's own messages.
 */
export class FrameboxError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {ErrorDetails} [details]
   */
  constructor(code, message, { cause, status, retryAfter, limit, parameter, parameters } = {}) {
    super(message, { cause });
    this.name = 'FrameboxError';
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
    this.limit = limit;
    this.parameter = parameter;
    this.parameters = parameters;
  }
}

/**
 * Anything that was thrown, as a `FrameboxError`; the code of one that is none is empty.
 * @param {unknown} error
 */
export function toFrameboxError(error) {
  if (error instanceof FrameboxError) return error;
  return new FrameboxError('', error instanceof Error ? error.message : String(error), { cause: error });
}

/**
 * The error for a connection that failed: while it was established, or after video could flow.
 * @param {boolean} wasLive
 * @param {string|null} [reason] Why, where that is known.
 */
export function connectionError(wasLive, reason = null) {
  return wasLive
    ? new FrameboxError('connection-lost', 'The connection to the server was lost.')
    : new FrameboxError(
        'connect-failed',
        reason ??
          'No video connection could be established: packets between this browser and the server’s media port get through neither over UDP nor over TCP. A TURN server helps.',
      );
}

/** The error for a session that the server no longer has. */
export const goneError = () => new FrameboxError('session-gone', 'The server no longer has this session.');

/**
 * The error for a failed offer or a failed request about handlers.
 * @param {Response} response
 * @param {ErrorBody} body
 */
export function offerError(response, body) {
  const { status } = response;
  const { error, message, limit } = body?.meta ?? {};
  const detail = message ?? textOf(body) ?? (typeof error === 'string' ? error : null);
  // 429: not the server is full, but this client has as many sessions as it may; the server's text says so.
  if (status !== 429 && (status === 503 || error === 'concurrency_limit_reached')) {
    const text = 'The server runs as many sessions as it can. Try again later.';
    return new FrameboxError('server-full', text, { status, retryAfter: retryAfterOf(response), limit });
  }
  if (status === 401 || status === 403) return notAllowed(status, detail);
  if (status === 404)
    return new FrameboxError('handler-unknown', detail ?? 'The server does not have this handler.', { status });
  return new FrameboxError('offer-refused', detail ?? statusText(status), { status });
}

/**
 * The error for a failed request to the catalog.
 * @param {{status: number}} response
 * @param {ErrorBody} body
 */
export function catalogError({ status }, body) {
  const detail = textOf(body) ?? statusText(status);
  if (status === 401 || status === 403) return notAllowed(status, detail);
  return new FrameboxError('refused', detail, { status });
}

/**
 * The error for a failed request about a session.
 * @param {{status: number}} response
 * @param {ErrorBody} body
 */
export function sessionError({ status }, body) {
  const detail = textOf(body) ?? statusText(status);
  if (status === 401 || status === 403) return notAllowed(status, detail);
  if (status === 404 || status === 410) return new FrameboxError('session-gone', detail, { status });
  const { parameters } = body ?? {};
  if (!parameters || typeof parameters !== 'object') return new FrameboxError('refused', detail, { status });
  const [parameter] = Object.keys(parameters);
  return new FrameboxError('parameter', detail, { status, parameters, parameter });
}

/**
 * The error for a failed request about a stream.
 * @param {Response} response
 * @param {ErrorBody} body
 */
export function streamError(response, body) {
  const { status } = response;
  const detail = textOf(body);
  if (status === 404 || status === 410)
    return new FrameboxError('stream-unknown', detail ?? 'There is no such stream.', { status });
  if (status === 409) return new FrameboxError('stream-taken', detail ?? 'The name is taken.', { status });
  return sessionError(response, body);
}

/**
 * The error for a failed offer to watch a stream.
 * @param {Response} response
 * @param {ErrorBody} body
 */
export function watchError(response, body) {
  const { status } = response;
  const { error, message, limit } = body?.meta ?? {};
  const detail = message ?? textOf(body);
  if (status === 404 || status === 410)
    return new FrameboxError('stream-unknown', detail ?? 'There is no such stream.', { status });
  if (error === 'stream_not_live') {
    const text = detail ?? 'Nothing is to be seen yet.';
    return new FrameboxError('stream-not-live', text, { status, retryAfter: retryAfterOf(response) });
  }
  if (status !== 503 || error !== 'stream_full') return offerError(response, body);
  const text = detail ?? 'The stream has as many viewers as it may have. Try again later.';
  return new FrameboxError('stream-full', text, { status, retryAfter: retryAfterOf(response), limit });
}

/** @param {number} status @param {string|null} detail */
function notAllowed(status, detail) {
  return new FrameboxError('not-allowed', detail ?? 'The server requires a token.', { status });
}

/** @param {Response} response */
const retryAfterOf = (response) => Number(response.headers.get('Retry-After')) || undefined;

/** @param {number} status */
const statusText = (status) => `The server responded with HTTP status ${status}.`;

/** @param {ErrorBody} body */
const textOf = (body) => body?.detail ?? body?.title ?? null;
