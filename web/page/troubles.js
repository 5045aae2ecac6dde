/** What to say about each fault, by its code: what happened and what to do. */

const TEXTS = {
  'insecure-context': [
    'The camera needs a secure page',
    'Browsers give access to cameras only over HTTPS or on localhost. Open this page over HTTPS.',
  ],
  unsupported: [
    'This browser cannot do it',
    'It lacks WebRTC or access to cameras. A current Chrome, Firefox, Safari or Edge has both.',
  ],
  'camera-missing': ['No camera found', 'Connect one, then press Start again.'],
  'camera-refused': [
    'Access to the camera was refused',
    'Allow it for this page in the browser’s address bar (and in the system’s privacy settings), then press Start again.',
  ],
  'camera-busy': [
    'The camera is busy',
    'Another program uses it or it does not answer. Close that program, or choose another camera.',
  ],
  'camera-lost': ['The camera was disconnected', 'Connect it again, or choose another camera.'],
  'camera-unsuited': ['This camera cannot do that', 'Choose another camera or another resolution.'],
  'server-unreachable': ['The server does not answer', 'It may be restarting, or this device is offline.'],
  'not-allowed': ['The server takes a token', ''],
  'handler-unknown': ['The server does not have this handler', 'It may have been removed. Choose another one.'],
  'offer-refused': ['The server refused the session', ''],
  'connect-failed': [
    'No connection for video came about',
    'The server answers, but its video packets (UDP) do not get through. A firewall may be in the way.',
  ],
  'connection-lost': ['The connection was lost', 'The server stopped or the network failed.'],
  'session-gone': ['The session is gone', 'The server was restarted or ended the session.'],
  trap: ['The handler crashed', ''],
  time: ['The handler took too long', ''],
  fuel: ['The handler used up its fuel', ''],
  memory: ['The handler used too much memory', ''],
  'bad-output': ['The handler gave a wrong result', ''],
  refused: ['The handler was refused something', ''],
  failed: ['The handler reported a fault', ''],
  parameter: ['A setting was refused', ''],
  swap: ['The new version does not take over', ''],
  'rolled-back': ['A version was taken back', ''],
};

/**
 * @param {{code: string, message: string, retryAfter?: number, limit?: number}} trouble
 * @returns {{title: string, text: string, code: string}}
 */
export function describe({ code, message, retryAfter, limit }) {
  if (code === 'server-full') {
    const carries = limit ? `It carries ${limit} ${limit === 1 ? 'session' : 'sessions'} at once. ` : '';
    const wait = retryAfter ? `Try again in ${retryAfter} seconds.` : 'Try again in a moment.';
    return { title: 'The server is full', text: carries + wait, code };
  }
  if (code === 'finished') return { title: 'The stream is over', text: message, code: '' };
  const [title, advice] = TEXTS[code] ?? ['The server says', ''];
  return { title, text: advice || message, code };
}
