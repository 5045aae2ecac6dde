/** Handles the server's messages on the data channel. */

/** @import { Emit, Handler, Notice, NoticeMessage, ServerMessage, Values } from './types.js' */
/** @import { Connection } from './connection.js' */

import { FrameboxError } from './errors.js';

/**
 * Handles one message.
 * @param {Connection} connection
 * @param {string} text
 * @param {{held: Values, values: Values, descriptor: Handler|null}} client Its view of the session is updated.
 * @param {Emit} emit
 */
export function receive(connection, text, client, emit) {
  connection.lastMessageAt = performance.now();
  const message = parse(text);
  if (connection.ended || !message) return;
  switch (message.type) {
    case 'session':
      connection.confirmed = true;
      client.descriptor = message.data.handler ?? client.descriptor;
      client.held = message.data.parameters ?? {};
      emit('session', message.data);
      break;
    case 'stats':
      connection.serverStats = message.data;
      if (Array.isArray(message.frames)) emit('frames', { frames: message.frames });
      break;
    case 'parameters': {
      const { parameters, sequence, request } = message;
      client.held = parameters;
      connection.resolveRequest(request, { parameters, sequence });
      emit('parameters', { parameters, sequence, request });
      break;
    }
    case 'swapped': {
      const { handler, parameters, from, version, sequence } = message;
      client.descriptor = handler;
      client.held = parameters;
      client.values = {};
      emit('swap', { handler, parameters, from, version, sequence });
      break;
    }
    case 'build':
      emit('build', { state: message.state, message: String(message.message ?? '') });
      break;
    case 'values': {
      const { sequence, pts_us, values } = message;
      Object.assign(client.values, values);
      emit('values', { sequence, pts_us, values });
      break;
    }
    case 'policy':
      emit('policy', { policy: message.policy, unprocessed: message.unprocessed });
      break;
    case 'warning':
    case 'error':
      emit(message.type, handleNotice(connection, message, client.descriptor));
      break;
    case 'log':
      connection.logStream?.push({ ...message, message: message.data });
      break;
    case 'end_stream':
      connection.finish(new FrameboxError('finished', String(message.data || 'The stream has ended.')));
  }
}

/**
 * Parses a message; null for a text that is not a JSON object.
 * @param {string} text
 * @returns {ServerMessage|null}
 */
function parse(text) {
  try {
    const message = JSON.parse(text);
    return message && typeof message === 'object' ? message : null;
  } catch {
    return null;
  }
}

/**
 * Rejects the request that a warning or an error responds to, and returns the notice. A notice about a parameter names
 * it, so that it can be shown at its control.
 * @param {Connection} connection
 * @param {NoticeMessage} message
 * @param {Handler|null} descriptor
 * @returns {Notice}
 */
function handleNotice(connection, { message, data, code = 'server', request }, descriptor) {
  /** @type {Notice} */
  const notice = { code, message: String(message ?? data) };
  if (request !== undefined) notice.request = request;
  const requested = connection.requestedValues(request);
  const prefixed = /^([a-z0-9_-]{1,64}): (.+)$/s.exec(notice.message);
  /** @param {string} id */
  const isParameter = (id) =>
    (requested && Object.hasOwn(requested, id)) || descriptor?.parameters?.some((parameter) => parameter.id === id);
  if (prefixed && isParameter(prefixed[1])) {
    [, notice.parameter, notice.message] = prefixed;
  } else if (requested && Object.keys(requested).length === 1) {
    [notice.parameter] = Object.keys(requested);
  }
  connection.rejectRequest(request, new FrameboxError(code, notice.message, { parameter: notice.parameter }));
  return notice;
}
