/** Promises whose rejection a caller may ignore without the browser reporting it. */

/**
 * A promise and the functions that settle it.
 * @template T
 * @typedef {{promise: Promise<T>, resolve: (value: T) => void, reject: (reason: unknown) => void}} Deferred
 */

/**
 * @template T
 * @returns {Deferred<T>}
 */
export function deferred() {
  /** @type {(value: T) => void} */
  let resolve = () => {};
  /** @type {(reason: unknown) => void} */
  let reject = () => {};
  /** @type {Promise<T>} */
  const promise = new Promise((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise: ignoreRejection(promise), resolve, reject };
}

/**
 * Marks a rejection of the promise as handled.
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export function ignoreRejection(promise) {
  promise.catch(() => {});
  return promise;
}

/** @param {number} milliseconds @returns {Promise<void>} */
export function sleep(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, milliseconds));
  });
}
