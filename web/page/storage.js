/** What the browser remembers. Where it denies storage, a choice lasts until the page is closed. */

/** @param {string} key @param {string} value */
export function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It is denied or full.
  }
}

/** @param {string} key @returns {string} Empty: nothing is stored. */
export function stored(key) {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}
