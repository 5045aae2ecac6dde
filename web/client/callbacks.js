/** Callbacks among options: `onTrack` and the like. */

/**
 * Calls each `on…` of the options with the `detail` of the events of that name.
 * @param {EventTarget} target
 * @param {object} options
 */
export function addCallbacks(target, options) {
  for (const [name, callback] of Object.entries(options)) {
    const [, type] = /^on([A-Z][a-z]+)$/.exec(name) ?? [];
    if (!type || typeof callback !== 'function') continue;
    target.addEventListener(type.toLowerCase(), (event) => callback(/** @type {CustomEvent} */ (event).detail));
  }
}
