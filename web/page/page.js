/** The page: the choice of a handler, the camera and the session, and the panels that show them. */

/** @import { EventDetails, Handler, Policy, StreamReport, StreamSummary, Uploaded, Values } from '../client/types.js' */
/** @import { Catalog } from '../client/catalog.js' */
/** @import { Message } from './messages.js' */

import { toFrameboxError } from '../client/errors.js';
import { Framebox, FrameboxError } from '../framebox.js';
import { applyValues } from './apply.js';
import { Capture } from './capture.js';
import { Controls } from './controls.js';
import { Details } from './details.js';
import { find, setText } from './elements.js';
import { describe } from './error-texts.js';
import { FrameRate } from './frame-rate.js';
import { Handlers } from './handlers.js';
import { Input } from './input.js';
import { handlerLink, readLink, streamLink, valuesOf } from './links.js';
import { Log } from './log.js';
import { Messages } from './messages.js';
import { Outputs } from './outputs.js';
import { Player } from './player.js';
import { PolicyChoice } from './policy.js';
import { Presets } from './presets.js';
import { Publishing } from './publishing.js';
import { copyLink } from './share.js';
import { ShownRate, Status } from './status.js';
import { StreamList } from './stream-list.js';
import { titleOf } from './stream-card.js';
import { Timeline } from './timeline.js';
import { askForToken, token } from './token.js';
import { Upload } from './upload.js';
import { VersionList } from './versions.js';
import { VideoPanel } from './video-panel.js';
import { Watching } from './watching.js';

/** Time between two tries to reach a server that does not respond, ms. */
const RETRY_INTERVAL = 4000;
/** What the input’s video is called. @type {Partial<Record<string, string>>} */
const CAPTIONS = { camera: 'Camera', screen: 'Screen', file: 'File' };
/** Time for which it is shown that something is done, ms. */
const DONE_TIME = 8000;

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
const outputs = new Outputs(byId('outputs', HTMLElement));
const handlers = new Handlers(byId('handler', HTMLElement), byId('handler-filter', HTMLInputElement), choose);
const controls = new Controls(byId('controls', HTMLFormElement), byId('reset', HTMLButtonElement), {
  set: (values) => {
    presets.deselect();
    return player.client?.set(values);
  },
  press: (id) => player.client?.press(id),
});
const presets = new Presets(byId('presets', HTMLDetailsElement), {
  values: () => controls.values(),
  apply: (values) => applyValues(values, () => player.client, shown?.parameters ?? [], controls),
});
const policy = new PolicyChoice(byId('policy', HTMLElement), changePolicy);
const watching = new Watching(byId('watching', HTMLElement), messages, (report) => {
  watched = report;
  document.title = `${titleOf(report)} · Framebox`;
  showRights();
});
const frameRate = new FrameRate(byId('fps', HTMLInputElement), () => player.client && player.start());
const input = new Input(byId('inputs', HTMLElement), {
  chosen: inputChosen,
  changed: () => player.changeInput(),
  lost: (error) => player.fail(error),
});
const player = new Player(
  {
    controls,
    details: new Details(byId('details', HTMLElement)),
    log: new Log(byId('log', HTMLDetailsElement)),
    messages,
    outputs,
    policy,
    shownRate: new ShownRate(outputVideo),
    status,
    timeline: new Timeline(byId('frames', HTMLElement)),
    input: new VideoPanel(byId('input', HTMLVideoElement)),
    output: new VideoPanel(outputVideo),
    watching,
  },
  { input, frameRate },
  {
    chosen: () => handlers.selected,
    shown: () => shown,
    showHandler: show,
    reload: load,
    changed: sessionChanged,
    error: showError,
    signIn: (again) => {
      if (!askForToken()) return;
      load();
      again();
    },
  },
);
const publishing = new Publishing(byId('publishing', HTMLElement), showRights);
const capture = new Capture(byId('capture', HTMLElement));
const streams = new StreamList(byId('streams', HTMLElement), {
  streams: () => new Framebox({ token: token() }).streams,
  watch: ({ name }) => watch(name),
  share: (stream) => copyLink(messages, streamLink(location.href, stream.name), `“${titleOf(stream)}”`),
  changed: listStreams,
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

/** What the page was opened with; its settings are for the first handler that is shown. */
const link = readLink(location.href);
/** The handler whose controls are drawn. @type {Handler|null} */
let shown = null;
/** Whether it is that of a stream that is watched, with the stream's values. */
let showsStream = false;
/** The stream that is watched, as far as it is known. @type {StreamReport|null} */
let watched = null;
/** Timer of the next try to reach the server. @type {number|undefined} */
let retryTimer;
/** Changed settings of the handlers that are not chosen. @type {Map<string, Values>} */
const changedSettings = new Map();

startButton.addEventListener('click', () => {
  if (inputKind() === 'stream') watch(input.stream);
  else if (player.client) player.changeInput();
  else player.start();
});
stopButton.addEventListener('click', () => player.stop());
byId('share', HTMLButtonElement).addEventListener('click', () => {
  const stream = player.client?.watched;
  if (stream) copyLink(messages, streamLink(location.href, stream), 'the stream');
  else if (shown) copyLink(messages, handlerLink(location.href, shown.name, controls.changed()), 'this handler with its settings');
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !player.client) load();
});
if (link.stream) player.watch(link.stream);
load();
streams.refresh();

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
    if (['offline', 'locked'].includes(document.body.dataset.state ?? '')) status.state = 'idle';
    const wanted = handlers.selected?.name ?? link.handler;
    const isKnown = (/** @type {string|null} */ name) => all.some((handler) => handler.name === name);
    if (wanted && !isKnown(wanted))
      showError(new FrameboxError('handler-unknown', 'The server does not have this handler.'), {
        severity: 'warning',
      });
    handlers.show(all, [wanted, first].find(isKnown) ?? all[0]?.name);
    if (handlers.selected && !player.client?.watched) show(handlers.selected, linkedSettings(handlers.selected));
    showButtons();
    streams.refresh();
  } catch (cause) {
    if (player.client) return;
    const error = toFrameboxError(cause);
    startButton.disabled = true;
    status.state = error.code === 'not-allowed' ? 'locked' : 'offline';
    if (error.code === 'not-allowed') {
      messages.dismiss('offline');
      const run = () => {
        if (askForToken()) load();
      };
      if (!messages.has('token')) showError(error, { key: 'token', action: { label: 'Enter a token', run } });
      return;
    }
    if (!messages.has('offline')) showError(error, { key: 'offline', action: { label: 'Try again', run: load } });
    retryTimer = setTimeout(load, RETRY_INTERVAL);
  }
}

/** The settings that the page was opened with, once. @param {Handler} handler @returns {Values|undefined} */
function linkedSettings({ name, parameters }) {
  if (!link.settings.size || name !== link.handler) return undefined;
  const { valid, invalid } = valuesOf(link.settings, parameters);
  link.settings.clear();
  const reasons = [...invalid].map(([id, reason]) => `${id}: ${reason}`).join('; ');
  if (reasons)
    messages.show({ severity: 'warning', title: 'Some settings of the link do not apply', text: `${reasons}.`, key: 'link' });
  return Object.fromEntries(valid);
}

/**
 * Draws everything that depends on the handler.
 * @param {Handler} handler
 * @param {Values} [values] Of its settings; default: those that a person changed.
 */
function show(handler, values) {
  const ofStream = Boolean(player.client?.watched);
  if (JSON.stringify(handler) === JSON.stringify(shown) && ofStream === showsStream && !values) return;
  const { name, kind } = handler;
  if (shown && !showsStream && (shown.name !== name || ofStream)) changedSettings.set(shown.name, controls.changed());
  const isSame = shown?.name === name && ofStream === showsStream;
  const settings = values ?? (isSame ? controls.changed() : changedSettings.get(name));
  showsStream = ofStream;
  shown = handler;
  document.body.dataset.kind = kind;
  document.title = `${handler.title || name} · Framebox`;
  const isGenerator = kind === 'generator';
  setText(byId('output-title', HTMLElement), isGenerator ? 'Video' : 'Processed');
  setText(byId('output-placeholder', HTMLElement), isGenerator ? 'Video' : 'Processed video');
  outputVideo.setAttribute('aria-label', isGenerator ? 'Video' : 'Processed video');
  frameRate.show(handler);
  presets.show(handler);
  warnOfInsecurePage();
  setText(byId('handler-summary', HTMLElement), handler.summary);
  controls.show(handler.parameters, settings);
  controls.live = player.client?.state === 'live';
  showRights();
  outputs.show(handler.outputs);
  versions.show(handler);
  const badge = find(document, '[data-stat="version"]', HTMLElement);
  setText(badge, handler.version ?? '');
  badge.hidden = !handler.version;
  showButtons();
}

/** Warns where the browser will not give what is chosen as the input. */
function warnOfInsecurePage() {
  const key = 'insecure-context';
  const isNeeded = ['camera', 'screen'].includes(inputKind() ?? '') && !player.client?.watched;
  if (!isNeeded || window.isSecureContext) messages.dismiss(key);
  else if (!messages.has(key)) showError(new FrameboxError(key, ''), { severity: 'warning', key });
}

/** The input that is chosen; null where the handler needs none. */
function inputKind() {
  return handlers.selected?.kind === 'generator' ? null : input.kind;
}

function inputChosen() {
  warnOfInsecurePage();
  showButtons();
}

/** Another session runs, its state is another one, or none runs. */
function sessionChanged() {
  const { client } = player;
  if (watched?.name !== client?.watched) watched = null;
  streams.watched = client?.watched ?? null;
  if (!client && showsStream && handlers.selected) show(handlers.selected);
  publishing.show(client && !client.watched && ['live', 'interrupted'].includes(client.state) ? client : null);
  showRights();
  showButtons();
  if (!client && !handlers.all.length) load();
}

/** Shows what this person may do with what runs. */
function showRights() {
  const { client } = player;
  const isWatching = Boolean(client?.watched);
  const isOwn = isWatching ? watched?.own : Boolean(client);
  document.body.toggleAttribute('data-own', Boolean(isOwn));
  document.body.toggleAttribute('data-locked', isWatching && !watched?.may_control);
  if (!isWatching) controls.locked = showsStream ? 'Nothing is watched.' : '';
  else if (watched) controls.locked = watched.may_control ? '' : 'Only the owner of the stream may change its settings.';
  else controls.locked = 'The settings of the stream follow as soon as it is there.';
  const name = (isWatching ? client?.watched : client?.published) ?? null;
  const captured = client && isOwn && ['live', 'interrupted'].includes(client.state);
  capture.show(
    captured
      ? { client, name: name ?? shown?.name ?? 'framebox', own: name, hasPicture: shown?.kind !== 'observer' }
      : null,
  );
}

/** @param {StreamSummary[]} all */
function listStreams(all) {
  // One's own round trip is on the page already.
  const others = all.filter(({ name }) => name !== player.client?.published);
  input.streams = others.map((stream) => ({ name: stream.name, label: `${titleOf(stream)} (${stream.handler})` }));
  showButtons();
}

/** @param {string} name */
function watch(name) {
  setAddress({ stream: name });
  player.watch(name);
}

/** Makes the address of the page one that opens the same again. @param {Record<string, string>} query */
function setAddress(query) {
  history.replaceState(null, '', `${location.pathname}?${new URLSearchParams(query)}`);
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
  setTimeout(() => messages.dismiss('uploaded'), DONE_TIME);
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
  setAddress({ handler: handler.name });
  // A stream has its handler already.
  if (input.kind === 'stream') input.kind = 'camera';
  if (player.client?.watched) player.stop();
  show(handler);
  if (player.client) player.start();
}

/** @param {Partial<Policy>} change */
async function changePolicy(change) {
  const session = player.client;
  if (!session) return;
  try {
    const held = await session.setPolicy(change);
    policy.reflect({ ...session.stats()?.server, ...held });
  } catch (error) {
    if (player.client === session) showError(toFrameboxError(error), { severity: 'warning' });
    throw error;
  }
}

/** Shows the buttons that start, switch the input and stop, and keeps the keyboard's focus on one of them. */
function showButtons() {
  const { client } = player;
  const kind = inputKind();
  const isOther = Boolean(client && !client.watched && kind && input.opened && kind !== input.opened);
  const focused = [startButton, stopButton].find((button) => button === document.activeElement);
  startButton.hidden = Boolean(client) && !isOther;
  stopButton.hidden = !client;
  byId('share', HTMLButtonElement).hidden = !shown && !client?.watched;
  startButton.disabled = kind === 'stream' ? !input.stream : !handlers.selected;
  const start = kind ? 'Start' : 'Play';
  setText(byId('start-label', HTMLElement), kind === 'stream' ? 'Watch' : isOther ? 'Switch' : start);
  setText(byId('input-caption', HTMLElement), CAPTIONS[input.opened ?? input.kind] ?? 'Input');
  if (focused?.hidden) (focused === startButton ? stopButton : startButton).focus();
}

/**
 * @param {EventDetails['end'] & {retryAfter?: number, limit?: number}} error
 * @param {Partial<Message>} [message]
 */
function showError(error, message = {}) {
  messages.show({ severity: 'error', ...describe(error), ...message });
}
