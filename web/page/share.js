/** Copies a link; where the browser does not allow that, shows it selected. */

/** @import { Messages } from './messages.js' */

import { h } from './elements.js';

/** Time for which it is shown that a link was copied, ms. */
const SHOWN_TIME = 8000;

/**
 * @param {string} link
 * @param {string} what What it opens, for the text.
 * @returns {Promise<boolean>} Whether it was copied.
 */
export async function share(link, what) {
  try {
    await navigator.clipboard.writeText(link);
    return true;
  } catch {
    // Not in a secure context, or not allowed.
    showLink(link, what);
    return false;
  }
}

/**
 * Copies a link, and says that it was.
 * @param {Messages} messages
 * @param {string} link
 * @param {string} what What it opens.
 */
export async function copyLink(messages, link, what) {
  if (!(await share(link, what))) return;
  messages.show({ severity: 'info', title: 'The link was copied', text: `It opens ${what}.`, key: 'shared' });
  setTimeout(() => messages.dismiss('shared'), SHOWN_TIME);
}

/** @param {string} link @param {string} what */
function showLink(link, what) {
  const field = h('input', { type: 'text', class: 'link-field', readonly: true, 'aria-label': 'Link' });
  field.value = link;
  field.addEventListener('focus', () => field.select());
  const dialog = h(
    'dialog',
    { class: 'link-dialog', 'aria-labelledby': 'link-title' },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id: 'link-title' }, `A link to ${what}`),
      h('p', { class: 'quiet' }, 'The browser does not allow the page to copy. The link is selected: copy it yourself.'),
      field,
      h('div', { class: 'upload-actions' }, h('button', { value: 'close' }, 'Close')),
    ),
  );
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  field.select();
}
