/** Applies values of several settings at once. */

/** @import { Framebox } from '../framebox.js' */
/** @import { Parameter, Values } from '../client/types.js' */
/** @import { Controls } from './controls.js' */

import { toFrameboxError } from '../client/errors.js';
import { partition } from './validation.js';

/**
 * Applies the valid ones of the values. The server accepts a request as a whole or not at all, so those that it refuses are
 * left out of another one.
 * @param {Values} values
 * @param {() => Framebox|null} client The current one.
 * @param {Parameter[]} parameters Of the handler.
 * @param {Controls} controls
 * @returns {Promise<{applied: string[], invalid: Map<string, string>}>} Ids; reasons by id.
 */
export async function applyValues(values, client, parameters, controls) {
  const { valid, invalid } = partition(parameters, values);
  const liveSession = () => (client()?.state === 'live' ? client() : null);
  const session = liveSession();
  let sequence = null;
  while (session && valid.size) {
    try {
      ({ sequence } = await session.setParameters(Object.fromEntries(valid)));
      break;
    } catch (error) {
      const { parameters: reasons = {} } = toFrameboxError(error);
      const refused = Object.entries(reasons).filter(([id]) => valid.delete(id));
      if (!refused.length) throw error;
      for (const [id, reason] of refused) invalid.set(id, reason);
    }
  }
  if (session !== liveSession()) throw new Error('The session ended meanwhile.');
  controls.put(valid, sequence);
  if (!session) client()?.set(Object.fromEntries(valid));
  return { applied: [...valid.keys()], invalid };
}
