/** Promises whose rejection need not be handled: whoever does not wait for an answer is not told that it was bad. */

/** A promise with its ends. */
export function deferred() {
  const parts = {};
  parts.promise = quiet(new Promise((resolve, reject) => Object.assign(parts, { resolve, reject })));
  return parts;
}

/** @template T @param {Promise<T>} promise @returns {Promise<T>} */
export function quiet(promise) {
  promise.catch(() => {});
  return promise;
}
