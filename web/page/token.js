/** The token by which a server that is not open lets the page in: from the address, or asked for. */

const KEY = 'framebox-token';

// After the `#` it is sent to nobody; it leaves the address so that it is not passed on with it.
const given = new URLSearchParams(location.hash.slice(1)).get('access_token');
if (given) {
  sessionStorage.setItem(KEY, given);
  history.replaceState(null, '', location.pathname + location.search);
}

/** The token, as long as this tab is open. @returns {string|null} */
export function token() {
  return sessionStorage.getItem(KEY);
}

/** Asks for one. @returns {boolean} whether one was given */
export function askForToken() {
  const text = prompt('A token of this server with the scope “watch”:')?.trim();
  if (text) sessionStorage.setItem(KEY, text);
  return Boolean(text);
}
