/** What the server says on the data channel, understood. */

import { FrameboxError } from './fault.js';

/**
 * Takes in one message.
 * @param {import('./run.js').Run} run
 * @param {string} text
 * @param {{held: object, values: object, descriptor: object|null}} client What it keeps of the session.
 * @param {(type: string, detail: object) => void} emit
 */
export function receive(run, text, client, emit) {
  run.heard = performance.now();
  const message = parsed(text);
  if (run.over || !message) return;
  switch (message.type) {
    case 'session':
      run.known = true;
      client.descriptor = message.data.handler ?? client.descriptor;
      client.held = message.data.parameters ?? {};
      emit('session', message.data);
      break;
    case 'stats':
      run.server = message.data;
      if (Array.isArray(message.frames)) emit('frames', { frames: message.frames });
      break;
    case 'parameters': {
      const { parameters, sequence, request } = message;
      client.held = parameters;
      run.settle(request, { parameters, sequence });
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
      emit(message.type, complaint(run, message, client.descriptor));
      break;
    case 'log':
      // Lines without a number answer a handshake, which is not said here.
      run.tail?.take({ ...message, message: message.data });
      break;
    case 'end_stream':
      run.finish(new FrameboxError('finished', String(message.data || 'The stream is over.')));
  }
}

/** A message as an object; null for what is none. */
function parsed(text) {
  try {
    const message = JSON.parse(text);
    return message && typeof message === 'object' ? message : null;
  } catch {
    return null;
  }
}

/**
 * A warning or an error as an event's detail, and refuses the request that it answers. A complaint about a parameter
 * names it, so that it can be shown where the value was given.
 * @param {import('./run.js').Run} run
 * @param {object} message
 * @param {object|null} descriptor Of the handler.
 */
function complaint(run, { message, data, code = 'server', request }, descriptor) {
  const detail = { code, message: String(message ?? data) };
  if (request !== undefined) detail.request = request;
  const asked = run.asked(request);
  const named = /^([a-z0-9_-]{1,64}): (.+)$/s.exec(detail.message);
  const described = (id) => descriptor?.parameters?.some((parameter) => parameter.id === id);
  const known = (id) => (asked && Object.hasOwn(asked, id)) || described(id);
  if (named && known(named[1])) {
    [, detail.parameter, detail.message] = named;
  } else if (asked && Object.keys(asked).length === 1) {
    [detail.parameter] = Object.keys(asked);
  }
  run.refuse(request, new FrameboxError(code, detail.message, { parameter: detail.parameter }));
  return detail;
}
