/** Titles and advice for errors, by their code: what happened and what to do. */

/** Title and advice; without advice the error's own message is shown. @type {Record<string, [string, string]>} */
const TEXTS = {
  'insecure-context': [
    'The camera needs a secure page',
    'Browsers allow camera access only over HTTPS or on localhost. Open this page over HTTPS.',
  ],
  unsupported: [
    'This browser is not supported',
    'It lacks WebRTC or camera access. Use a current Chrome, Firefox, Safari or Edge.',
  ],
  'camera-missing': ['No camera was found', 'Connect a camera, or choose the screen or a file as the input; then press Start again.'],
  'camera-refused': [
    'Access to the camera was refused',
    'Allow it for this page in the browser’s address bar (and in the system’s privacy settings), then press Start again.',
  ],
  'camera-busy': [
    'The camera does not respond',
    'Another program may be using it. Close that program, or choose another camera.',
  ],
  'camera-lost': ['The camera was disconnected', 'Connect it again, or choose another camera.'],
  'camera-unsuited': ['The camera does not support these settings', 'Choose another camera or another resolution.'],
  'screen-unsupported': [
    'This browser cannot share the screen',
    'Browsers of phones and tablets cannot. Choose the camera or a file as the input.',
  ],
  'screen-refused': [
    'The screen was not shared',
    'Press Start and choose a screen, a window or a tab, or choose another input. The system’s privacy settings may have to allow it.',
  ],
  'screen-ended': ['The screen is no longer shared', 'Share it again, or choose another input.'],
  'file-missing': ['No file is chosen', 'Choose a video file, then press Start again.'],
  'file-unplayable': [
    'The browser cannot play this file',
    'Choose a video that it can play: MP4 with H.264, or WebM.',
  ],
  'file-no-video': ['The file has no picture', 'It may have sound only. Choose a video file.'],
  'stream-unknown': ['There is no such stream', 'It has ended, or the link is not right.'],
  'stream-not-live': ['The stream is not live', 'Its publisher or its source is not there. Try again in a moment.'],
  'server-unreachable': ['The server does not respond', 'It may be restarting, or this device may be offline.'],
  'not-allowed': [
    'The server requires a token',
    'On the server’s own machine, open the address that the server printed when it started. Elsewhere, enter a token that its operator gave you.',
  ],
  'handler-unknown': ['The server does not have this handler', 'It may have been deleted. Choose another handler.'],
  'offer-refused': ['The server refused the session', ''],
  'connect-failed': ['No video connection could be established', ''],
  'connection-lost': [
    'The connection was lost',
    'The server stopped or the network failed. Check the network, then reconnect.',
  ],
  'session-gone': [
    'The session no longer exists',
    'The server was restarted or ended the session. Reconnect to start a new one.',
  ],
  trap: ['The handler crashed', ''],
  time: ['The handler exceeded its time limit', ''],
  fuel: ['The handler exceeded its fuel limit', ''],
  memory: ['The handler exceeded its memory limit', ''],
  'bad-output': ['The handler returned an invalid result', ''],
  refused: ['A request was refused', ''],
  failed: ['The handler reported an error', ''],
  parameter: ['A setting was refused', ''],
  swap: ['The new version could not take over', ''],
  'rolled-back': ['A version was rolled back', ''],
};

/**
 * @param {{code: string, message?: string, retryAfter?: number, limit?: number}} error
 * @returns {{title: string, text: string, code: string}}
 */
export function describe({ code, message = '', retryAfter, limit }) {
  const wait = retryAfter ? `Try again in ${retryAfter} seconds.` : 'Try again in a moment.';
  if (code === 'server-full') {
    const runs = limit ? `It runs at most ${limit} ${limit === 1 ? 'session' : 'sessions'} at once. ` : '';
    return { title: 'The server is full', text: runs + wait, code };
  }
  if (code === 'stream-full') {
    const most = limit ? `It takes at most ${limit} ${limit === 1 ? 'viewer' : 'viewers'}. ` : '';
    return { title: 'The stream is full', text: most + wait, code };
  }
  if (code === 'finished') return { title: 'The stream has ended', text: message, code: '' };
  const [title, advice] = TEXTS[code] ?? [code ? 'Message from the server' : 'Something went wrong', ''];
  return { title, text: advice || message, code };
}
