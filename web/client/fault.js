/** What can go wrong, with a code for programs and a text for people. */

/**
 * Something that did not work, with a `code` for programs and a `message` for people.
 *
 * Codes: `insecure-context`, `unsupported`, `camera-missing`, `camera-refused`, `camera-busy`, `camera-unsuited`,
 * `server-unreachable`, `server-full`, `not-allowed`, `handler-unknown`, `offer-refused`, `connect-failed`,
 * `connection-lost`, `session-gone`, `not-connected`, `already-started`, `stopped`, `parameter`, `refused`, and those of the server's own
 * messages.
 */
export class FrameboxError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{cause?: unknown, status?: number, retryAfter?: number, limit?: number, parameter?: string,
   *   parameters?: Object<string, string>}} [more]
   *   HTTP status; seconds to wait before another try; sessions that the server carries at most; parameter at fault;
   *   of several, what is wrong with each.
   */
  constructor(code, message, { cause, ...more } = {}) {
    super(message, { cause });
    this.name = 'FrameboxError';
    this.code = code;
    Object.assign(this, more);
  }
}

/** A connection that failed: before it carried anything, or after. */
export function lost(wasLive) {
  return wasLive
    ? new FrameboxError('connection-lost', 'The connection to the server was lost.')
    : new FrameboxError('connect-failed', 'No connection for video came about: its UDP packets do not get through.');
}

/** An answer other than success to an offer or a question about handlers, as an error that says what to do. */
export function refusal(response, body) {
  const { status } = response;
  const { error, message, limit } = body?.meta ?? {};
  const detail = message ?? text(body) ?? (typeof error === 'string' ? error : null);
  if (status === 503 || error === 'concurrency_limit_reached') {
    const retryAfter = Number(response.headers.get('Retry-After')) || undefined;
    return new FrameboxError('server-full', 'The server carries as many sessions as it can.', {
      status,
      retryAfter,
      limit,
    });
  }
  if (status === 401 || status === 403) return notAllowed(status, detail);
  if (status === 404)
    return new FrameboxError('handler-unknown', detail ?? 'The server has no such handler.', { status });
  return new FrameboxError('offer-refused', detail ?? `The server answered with status ${status}.`, { status });
}

/** The same for what asks something of the catalog. */
export function catalogRefusal({ status }, body) {
  const detail = text(body) ?? `The server answered with status ${status}.`;
  if (status === 401 || status === 403) return notAllowed(status, detail);
  return new FrameboxError('refused', detail, { status });
}

/** The same for a question about a session. */
export function sessionRefusal({ status }, body) {
  const detail = text(body) ?? `The server answered with status ${status}.`;
  if (status === 401 || status === 403) return notAllowed(status, detail);
  if (status === 404 || status === 410) return new FrameboxError('session-gone', detail, { status });
  const { parameters } = body ?? {};
  if (!parameters || typeof parameters !== 'object') return new FrameboxError('refused', detail, { status });
  const [parameter] = Object.keys(parameters);
  return new FrameboxError('parameter', detail, { status, parameters, parameter });
}

const notAllowed = (status, detail) =>
  new FrameboxError('not-allowed', detail ?? 'The server takes a token.', { status });

const text = (body) => body?.detail ?? body?.title ?? null;
