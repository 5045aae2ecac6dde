/** The token that the server may require: from the page's address, or entered by a person. */

const STORAGE_KEY = 'framebox-token';

/**
 * Takes the token from the page's address. Browsers send nothing after the `#`. It is removed from the address so that the
 * token is not shared with it.
 * @returns {boolean} Whether there was one.
 */
function takeFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get('access_token');
  if (!given) return false;
  sessionStorage.setItem(STORAGE_KEY, given);
  history.replaceState(null, '', location.pathname + location.search);
  return true;
}

takeFromAddress();
// An address that differs after the `#` only, entered where the page is open already, does not load it again.
window.addEventListener('hashchange', () => {
  if (takeFromAddress()) location.reload();
});

/** The token, kept until the tab is closed. @returns {string|null} */
export function token() {
  return sessionStorage.getItem(STORAGE_KEY);
}

/** Asks for a token. @returns {boolean} Whether one was entered. */
export function askForToken() {
  const text = prompt('Enter a token of this server with the scope “watch”:')?.trim();
  if (text) sessionStorage.setItem(STORAGE_KEY, text);
  return Boolean(text);
}
