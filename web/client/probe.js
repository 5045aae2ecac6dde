/** Asks the server over HTTP about a session or a stream of which nothing is heard. */

/** @import { Connection } from './connection.js' */
/** @import { Server } from './server.js' */

import { FrameboxError, toFrameboxError } from './errors.js';
import { sleep } from './promise.js';

/** Time between two requests whether the server still has an interrupted session, ms. */
const INTERVAL = 1500;

/**
 * Asks whether the server still has the session or the stream, as long as nothing arrives: a server that stopped or was restarted shows
 * there at once, whereas ICE takes long to notice.
 * @param {Connection} connection
 * @param {Server} server
 * @param {string} path Of the session or the stream.
 * @param {number} statsInterval Time between two statistics, ms; 0: none are sent.
 * @param {{interrupted: () => void, gone: () => void}} notify `interrupted`: the server does not respond over HTTP either;
 *   the connection may still come back. `gone`: the server no longer has the session.
 * @returns {Promise<boolean>} Whether something arrives again.
 */
export async function probe(connection, server, path, statsInterval, { interrupted, gone }) {
  if (connection.probing || !connection.confirmed) return false;
  connection.probing = true;
  while (!connection.ended && connection.isSilent(statsInterval)) {
    try {
      const { state } = await server.read(path, '', { signal: connection.signal });
      if (state === 'ending') throw new FrameboxError('session-gone', 'The session has ended.');
    } catch (error) {
      if (['session-gone', 'stream-unknown'].includes(toFrameboxError(error).code)) gone();
      else if (!connection.ended) interrupted();
    }
    await sleep(INTERVAL);
  }
  connection.probing = false;
  return !connection.ended && connection.peer?.rtc.connectionState === 'connected';
}
