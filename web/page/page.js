/** The page: the choice of a handler, the camera and the session, and the panels that show them. */

/** @import { EventDetails, Handler, Policy, Uploaded, Values } from '../client/types.js' */
/** @import { Catalog } from '../client/catalog.js' */
/** @import { Message } from './messages.js' */

import { toFrameboxError } from '../client/errors.js';
import { Framebox, FrameboxError } from '../framebox.js';
import { Camera } from './camera.js';
import { Controls } from './controls.js';
import { Details } from './details.js';
import { find, setText } from './elements.js';
import { describe } from './error-texts.js';
import { FrameRate } from './frame-rate.js';
import { Handlers } from './handlers.js';
import { Log } from './log.js';
import { Messages } from './messages.js';
import { Outputs } from './outputs.js';
import { PolicyChoice } from './policy.js';
import { Presets } from './presets.js';
import { showSession } from './session-view.js';
import { ShownRate, Status } from './status.js';
import { Timeline } from './timeline.js';
import { askForToken, token } from './token.js';
import { Upload } from './upload.js';
import { partition } from './validation.js';
import { VersionList } from './versions.js';
import { VideoPanel } from './video-panel.js';

/** Time between two tries to reach a server that does not respond, ms. */
const RETRY_INTERVAL = 4000;
/** Time for which a finished upload is shown, ms. */
const UPLOADED_TIME = 8000;
/** Errors after which a person reconnects rather than tries again. */
const CONNECTION_ERRORS = ['connection-lost', 'session-gone', 'connect-failed'];

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 */
const byId = (id, type) => find(document, `#${id}`, type);

const startButton = byId('start', HTMLButtonElement);
const stopButton = byId('stop', HTMLButtonElement);
const outputVideo = byId('output', HTMLVideoElement);

const messages = new Messages(byId('message', HTMLElement));
const status = new Status(document.body);
const details = new Details(byId('details', HTMLElement));
const outputs = new Outputs(byId('outputs', HTMLElement));
const input = new VideoPanel(byId('input', HTMLVideoElement));
const output = new VideoPanel(outputVideo);
const shownRate = new ShownRate(outputVideo);
const handlers = new Handlers(byId('handler', HTMLElement), byId('handler-filter', HTMLInputElement), choose);
const camera = new Camera(byId('camera', HTMLSelectElement), byId('resolution', HTMLSelectElement), {
  changed: changeCamera,
  lost: () => fail(new FrameboxError('camera-lost', 'The camera was disconnected.')),
});
const frameRate = new FrameRate(byId('fps', HTMLInputElement), () => client && start());
const log = new Log(byId('log', HTMLDetailsElement));
const timeline = new Timeline(byId('frames', HTMLElement));
const policy = new PolicyChoice(byId('policy', HTMLElement), changePolicy);
const controls = new Controls(byId('controls', HTMLFormElement), byId('reset', HTMLButtonElement), {
  set: (values) => {
    presets.deselect();
    return client?.set(values);
  },
  press: (id) => client?.press(id),
});
const presets = new Presets(byId('presets', HTMLDetailsElement), {
  values: () => controls.values(),
  apply: applyPreset,
});
const versions = new VersionList(byId('versions', HTMLDetailsElement), {
  versions: (name) => inCatalog((catalog) => catalog.versions(name)),
  promote: async (name, version) => {
    await inCatalog((catalog) => catalog.promote(name, version));
    await load();
  },
  remove: (name, version) => inCatalog((catalog) => catalog.remove(name, version)),
});
new Upload(byId('upload-open', HTMLButtonElement), byId('drop', HTMLElement), {
  handlers: () => handlers.all,
  send: (name, file, options) => inCatalog((catalog) => catalog.upload(name, file, options)),
  done: uploaded,
});

/** The client of the current session; null while none runs. @type {Framebox|null} */
let client = null;
/** The client of the most recent session, also for scripts in the browser's console. @type {Framebox|null} */
let latest = null;
/** The handler whose controls are drawn. @type {Handler|null} */
let shown = null;
/** Counts starts and stops: work that was started before the latest one is abandoned. */
let generation = 0;
/** Timer of the next try to reach the server. @type {number|undefined} */
let retryTimer;
/** Changed settings of the handlers that are not chosen. @type {Map<string, Values>} */
const changedSettings = new Map();

startButton.addEventListener('click', start);
stopButton.addEventListener('click', stop);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !client) load();
});
load();

/**
 * Makes a request to the catalog; where that needs a token, asks for one and tries again.
 * @template T
 * @param {(catalog: Catalog) => Promise<T>} request
 * @returns {Promise<T>}
 */
async function inCatalog(request) {
  const once = () => request(new Framebox({ token: token() }).catalog);
  try {
    return await once();
  } catch (error) {
    if (toFrameboxError(error).status === 401 && askForToken()) return once();
    throw error;
  }
}

/** Reads the handlers; tries again while the server does not respond. */
async function load() {
  clearTimeout(retryTimer);
  try {
    const { handlers: all, default: first } = await new Framebox({ token: token() }).handlers();
    messages.dismiss('offline');
    messages.dismiss('token');
    if (document.body.dataset.state === 'offline') status.state = 'idle';
    const wanted = handlers.selected?.name ?? new URLSearchParams(location.search).get('handler');
    const isKnown = (/** @type {string|null} */ name) => all.some((handler) => handler.name === name);
    if (wanted && !isKnown(wanted))
      showError(new FrameboxError('handler-unknown', 'The server does not have this handler.'), {
        severity: 'warning',
      });
    handlers.show(all, [wanted, first].find(isKnown) ?? all[0]?.name);
    startButton.disabled = !handlers.selected;
    if (handlers.selected) show(handlers.selected);
  } catch (cause) {
    if (client) return;
    const error = toFrameboxError(cause);
    status.state = 'offline';
    startButton.disabled = true;
    if (error.code === 'not-allowed') {
      messages.dismiss('offline');
      const run = () => {
        if (askForToken()) load();
      };
      showError(error, { key: 'token', action: { label: 'Enter a token', run } });
      return;
    }
    if (!messages.has('offline')) showError(error, { key: 'offline', action: { label: 'Try again', run: load } });
    retryTimer = setTimeout(load, RETRY_INTERVAL);
  }
}

/**
 * Draws everything that depends on the handler.
 * @param {Handler} handler
 * @param {Values} [values] Of its settings; default: those that a person changed.
 */
function show(handler, values) {
  if (JSON.stringify(handler) === JSON.stringify(shown) && !values) return;
  const { name, kind } = handler;
  if (shown && shown.name !== name) changedSettings.set(shown.name, controls.changed());
  const settings = values ?? (shown?.name === name ? controls.changed() : changedSettings.get(name));
  shown = handler;
  document.body.dataset.kind = kind;
  document.title = `${handler.title || name} · Framebox`;
  const isGenerator = kind === 'generator';
  setText(byId('output-title', HTMLElement), isGenerator ? 'Video' : 'Processed');
  setText(byId('output-placeholder', HTMLElement), isGenerator ? 'Video' : 'Processed video');
  outputVideo.setAttribute('aria-label', isGenerator ? 'Video' : 'Processed video');
  setText(byId('start-label', HTMLElement), isGenerator ? 'Play' : 'Start');
  frameRate.show(handler);
  presets.show(handler);
  const key = 'insecure-context';
  if (isGenerator || window.isSecureContext) messages.dismiss(key);
  else if (!messages.has(key)) showError(new FrameboxError(key, ''), { severity: 'warning', key });
  setText(byId('handler-summary', HTMLElement), handler.summary);
  controls.show(handler.parameters, settings);
  controls.live = client?.state === 'live';
  outputs.show(handler.outputs);
  versions.show(handler);
  const badge = find(document, '[data-stat="version"]', HTMLElement);
  setText(badge, handler.version ?? '');
  badge.hidden = !handler.version;
}

/** Chooses the handler of an uploaded version; a running session of it moves by itself. @param {Uploaded} version */
async function uploaded({ name, version, active }) {
  const state = active ? 'is active' : 'is stored but not active';
  messages.show({
    severity: 'info',
    title: 'Uploaded',
    text: `Version ${version} of “${name}” ${state}.`,
    key: 'uploaded',
  });
  setTimeout(() => messages.dismiss('uploaded'), UPLOADED_TIME);
  await load();
  const handler = handlers.find(name);
  if (!handler || handlers.selected?.name === name) {
    versions.refresh();
  } else {
    handlers.select(name);
    choose(handler);
  }
}

/** Shows a handler that a person chose; a running session is replaced by one of it. @param {Handler} handler */
function choose(handler) {
  const address = new URL(location.href);
  address.searchParams.set('handler', handler.name);
  history.replaceState(null, '', address);
  show(handler);
  if (client) start();
}

async function start() {
  const handler = handlers.selected;
  if (!handler) return;
  generation += 1;
  const mine = generation;
  const isCurrent = () => mine === generation;
  const previous = client;
  messages.clear();
  status.clear();
  details.clear();
  timeline.clear();
  policy.clear();
  log.clear();
  output.show(null);
  const fps = handler.kind === 'generator' ? frameRate.value : null;
  const options = { token: token(), fps, log: true, frames: true, ...policy.chosen };
  const next = new Framebox({ handler, parameters: controls.changed(), ...options });
  client = next;
  latest = next;
  Object.assign(window, { frameboxClient: next });
  showSession(
    next,
    () => client === next,
    () => latest === next,
    { controls, details, log, messages, outputs, policy, shownRate, status, timeline, output },
    { handler: () => shown ?? handler, showHandler: show, reload: load, reconnect: start, ended: showEnd },
  );
  showRunning(true);
  status.state = 'connecting';
  try {
    // A server at its limit needs the previous session to end first.
    await previous?.stop();
    if (!isCurrent()) return;
    let stream = null;
    if (handler.kind === 'generator') {
      camera.close();
      input.show(null);
    } else {
      stream = await camera.open(handler);
      if (!isCurrent()) return;
      input.show(stream);
    }
    const started = next.start({ stream });
    document.body.dataset.session = next.id ?? '';
    await started;
  } catch (error) {
    if (isCurrent()) showEnd(toFrameboxError(error));
  }
}

function stop() {
  fail(new FrameboxError('stopped', 'The session was stopped.'));
}

/** Ends the session because of an error. @param {FrameboxError} error */
function fail(error) {
  generation += 1;
  client?.stop();
  showEnd(error);
}

/** Shows that no session runs, and why, unless the person stopped it. @param {EventDetails['end']} end */
function showEnd(end) {
  const { code } = end;
  generation += 1;
  client = null;
  delete document.body.dataset.session;
  camera.close();
  input.show(null);
  output.show(null);
  showRunning(false);
  controls.live = false;
  outputs.live = false;
  status.state = 'ended';
  if (code === 'stopped') return;
  messages.dismiss('interrupted');
  const again = shown?.kind === 'generator' ? 'Play again' : 'Start again';
  const retry = CONNECTION_ERRORS.includes(code) ? 'Reconnect' : 'Try again';
  showError(end, {
    severity: code === 'finished' ? 'info' : 'error',
    key: code === 'server-unreachable' ? 'offline' : 'ended',
    action: { label: code === 'finished' ? again : retry, run: start },
  });
  if (['handler-unknown', 'server-unreachable'].includes(code)) load();
}

/**
 * Applies the valid values of a preset. The server accepts a request as a whole or not at all, so those that it refuses
 * are left out of another one.
 * @param {Values} values
 */
async function applyPreset(values) {
  const { valid, invalid } = partition(shown?.parameters ?? [], values);
  const liveSession = () => (client?.state === 'live' ? client : null);
  const session = liveSession();
  let sequence = null;
  while (session && valid.size) {
    try {
      ({ sequence } = await session.setParameters(Object.fromEntries(valid)));
      break;
    } catch (error) {
      const { parameters = {} } = toFrameboxError(error);
      const refused = Object.entries(parameters).filter(([id]) => valid.delete(id));
      if (!refused.length) throw error;
      for (const [id, reason] of refused) invalid.set(id, reason);
    }
  }
  if (session !== liveSession()) throw new Error('The session ended meanwhile.');
  controls.put(valid, sequence);
  if (!session) client?.set(Object.fromEntries(valid));
  return { applied: [...valid.keys()], invalid };
}

/** @param {Partial<Policy>} change */
async function changePolicy(change) {
  const session = client;
  if (!session) return;
  try {
    const held = await session.setPolicy(change);
    policy.reflect({ ...session.stats()?.server, ...held });
  } catch (error) {
    if (client === session) showError(toFrameboxError(error), { severity: 'warning' });
    throw error;
  }
}

async function changeCamera() {
  if (!client || !shown || shown.kind === 'generator') return;
  const mine = generation;
  try {
    const stream = await camera.open(shown);
    if (mine !== generation) return;
    input.show(stream);
    // A session that is not live yet is started again with the right camera.
    if (client.state === 'live') await client.replaceTrack(stream.getVideoTracks()[0]);
    else start();
  } catch (error) {
    if (mine === generation) fail(toFrameboxError(error));
  }
}

/** Shows the button to stop or to start, and keeps the keyboard's focus on it. @param {boolean} running */
function showRunning(running) {
  const [hidden, visible] = running ? [startButton, stopButton] : [stopButton, startButton];
  const hadFocus = document.activeElement === hidden;
  hidden.hidden = true;
  visible.hidden = false;
  if (hadFocus) visible.focus();
}

/**
 * @param {EventDetails['end'] & {retryAfter?: number, limit?: number}} error
 * @param {Partial<Message>} [message]
 */
function showError(error, message = {}) {
  messages.show({ severity: 'error', ...describe(error), ...message });
}
