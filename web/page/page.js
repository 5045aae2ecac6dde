/** The page: brings together the choice of a handler, the camera, the session and what is shown of them. */

import { Framebox } from '../framebox.js';
import { Camera } from './camera.js';
import { Controls } from './controls.js';
import { Details } from './details.js';
import { fit } from './fit.js';
import { Handlers } from './handlers.js';
import { Log } from './log.js';
import { Messages } from './messages.js';
import { Outputs } from './outputs.js';
import { Policy } from './policy.js';
import { Presets } from './presets.js';
import { Rate } from './rate.js';
import { Screen } from './screen.js';
import { ShownRate, Status } from './status.js';
import { Strip } from './strip.js';
import { askForToken, token } from './token.js';
import { describe } from './troubles.js';
import { Upload } from './upload.js';
import { Versions } from './versions.js';

/** Time between two tries to reach a server that does not answer, ms. */
const RETRY = 4000;

const at = (id) => document.getElementById(id);

const messages = new Messages(at('message'));
const status = new Status(document.body);
const details = new Details(at('details'));
const outputs = new Outputs(at('outputs'));
const input = new Screen(at('input'));
const output = new Screen(at('output'));
const shownRate = new ShownRate(at('output'));
const handlers = new Handlers(at('handler'), at('handler-filter'), choose);
const camera = new Camera(at('camera'), at('resolution'), { changed: changeCamera, lost: cameraLost });
const rate = new Rate(at('fps'), () => client && start());
const log = new Log(at('log'));
const strip = new Strip(at('frames'));
const policy = new Policy(at('policy'), changePolicy);
const controls = new Controls(at('controls'), at('reset'), {
  set: (values) => {
    presets.changed();
    return client?.set(values);
  },
  press: (id) => client?.press(id),
});
const presets = new Presets(at('presets'), { values: () => controls.values(), apply });

/** What asks of the catalog; where that takes a token, a person may give one and try again. */
async function inCatalog(ask) {
  const once = () => ask(new Framebox({ token: token() }).catalog);
  try {
    return await once();
  } catch (problem) {
    if (problem.status === 401 && askForToken()) return once();
    throw problem;
  }
}

const versions = new Versions(at('versions'), {
  versions: (name) => inCatalog((catalog) => catalog.versions(name)),
  promote: async (name, version) => {
    await inCatalog((catalog) => catalog.promote(name, version));
    await load();
  },
  remove: (name, version) => inCatalog((catalog) => catalog.remove(name, version)),
});
new Upload(
  { button: at('upload-open'), drop: at('drop') },
  {
    handlers: () => handlers.all,
    send: (name, file, options) => inCatalog((catalog) => catalog.upload(name, file, options)),
    done: uploaded,
  },
);

/** The current session's client; null while none runs. */
let client = null;
/** The handler whose controls are drawn. */
let shown = null;
/** Counts starts and stops, so that what a superseded one still awaits comes to nothing. */
let turn = 0;
/** What a person set, by handler, while another one is chosen. */
const remembered = new Map();

at('start').addEventListener('click', start);
at('stop').addEventListener('click', stop);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !client) load();
});
load();

/** Fetches the handlers; keeps trying while the server does not answer. */
async function load() {
  clearTimeout(load.timer);
  try {
    const { handlers: all, default: first } = await new Framebox({ token: token() }).handlers();
    messages.dismiss('offline');
    messages.dismiss('token');
    if (document.body.dataset.state === 'offline') status.state = 'idle';
    const asked = handlers.selected?.name ?? new URLSearchParams(location.search).get('handler');
    const known = (name) => all.some((handler) => handler.name === name);
    if (asked && !known(asked)) trouble({ code: 'handler-unknown' }, { severity: 'warning' });
    handlers.show(all, [asked, first].find(known) ?? all[0]?.name);
    at('start').disabled = !handlers.selected;
    show(handlers.selected);
  } catch (problem) {
    if (client) return;
    status.state = 'offline';
    at('start').disabled = true;
    if (problem.code === 'not-allowed') {
      messages.dismiss('offline');
      const run = () => askForToken() && load();
      trouble(problem, { key: 'token', action: { label: 'Enter a token', run } });
      return;
    }
    trouble(problem, { key: 'offline', action: { label: 'Try again', run: load }, once: true });
    load.timer = setTimeout(load, RETRY);
  }
}

/** Draws what belongs to a handler. */
function show(handler, values) {
  if (!handler || (JSON.stringify(handler) === JSON.stringify(shown) && !values)) return;
  if (shown && shown.name !== handler.name) remembered.set(shown.name, controls.changed());
  const kept = values ?? (shown?.name === handler.name ? controls.changed() : remembered.get(handler.name));
  shown = handler;
  document.body.dataset.kind = handler.kind;
  document.title = `${handler.title || handler.name} · Framebox`;
  const plays = handler.kind === 'generator';
  at('output-title').textContent = plays ? 'Video' : 'Processed';
  at('output-placeholder').textContent = plays ? 'Video' : 'Processed video';
  at('output').setAttribute('aria-label', plays ? 'Video' : 'Processed video');
  at('start-label').textContent = plays ? 'Play' : 'Start';
  rate.show(handler);
  presets.show(handler);
  if (plays || window.isSecureContext) messages.dismiss('insecure-context');
  else trouble({ code: 'insecure-context' }, { severity: 'warning', key: 'insecure-context', once: true });
  at('handler-summary').textContent = handler.summary;
  controls.show(handler.parameters, kept);
  controls.live = client?.state === 'live';
  outputs.show(handler.outputs);
  versions.show(handler);
  const badge = document.querySelector('[data-stat="version"]');
  badge.textContent = handler.version ?? '';
  badge.hidden = !handler.version;
}

/** A version was brought: it is chosen, and a session of its handler moves to it by itself. */
async function uploaded({ name, version, active }) {
  const text = active ? `Version ${version} of “${name}” is active.` : `Version ${version} of “${name}” is kept, and not active.`;
  messages.show({ severity: 'info', title: 'Uploaded', text, key: 'uploaded' });
  setTimeout(() => messages.dismiss('uploaded'), 8000);
  await load();
  const handler = handlers.find(name);
  if (!handler || handlers.selected?.name === name) return versions.refresh();
  handlers.select(name);
  choose(handler);
}

/** A person chose another handler: a running session goes on with it. */
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
  const mine = ++turn;
  const current = () => mine === turn;
  const old = client;
  messages.clear();
  status.clear();
  details.clear();
  strip.clear();
  policy.clear();
  log.clear();
  output.show(null);
  const fps = handler.kind === 'generator' ? rate.value : null;
  const options = { token: token(), fps, log: true, frames: true, ...policy.chosen };
  const next = (client = window.frameboxClient = new Framebox({ handler, parameters: controls.changed(), ...options }));
  listen(next);
  running(true);
  status.state = 'connecting';
  try {
    // A server that carries few sessions is given the time to end the old one.
    await old?.stop();
    if (!current()) return;
    let stream = null;
    if (handler.kind === 'generator') {
      camera.close();
      input.show(null);
    } else {
      stream = await camera.open(handler);
      if (!current()) return;
      input.show(stream);
    }
    const started = next.start({ stream });
    document.body.dataset.session = next.id;
    await started;
  } catch (problem) {
    if (current()) stopped(problem);
  }
}

function stop() {
  turn += 1;
  client?.stop();
  stopped({ code: 'stopped' });
}

/** Everything back to rest; says why, unless it was the person's own wish. */
function stopped(problem) {
  turn += 1;
  client = null;
  delete document.body.dataset.session;
  camera.close();
  input.show(null);
  output.show(null);
  running(false);
  controls.live = false;
  outputs.live = false;
  status.state = 'ended';
  if (problem.code === 'stopped') return;
  messages.dismiss('interrupted');
  const label =
    problem.code === 'finished'
      ? shown.kind === 'generator'
        ? 'Play again'
        : 'Start again'
      : ENDED_BY_CONNECTION.includes(problem.code)
        ? 'Reconnect'
        : 'Try again';
  const severity = problem.code === 'finished' ? 'info' : 'error';
  const key = problem.code === 'server-unreachable' ? 'offline' : 'ended';
  trouble(problem, { severity, key, action: { label, run: start } });
  if (['handler-unknown', 'server-unreachable'].includes(problem.code)) load();
}

const ENDED_BY_CONNECTION = ['connection-lost', 'session-gone', 'connect-failed'];

/** Makes a preset's values hold, those that fit. The server takes all that it is given or nothing. */
async function apply(values) {
  const { fitting, misfits } = fit(shown.parameters, values);
  const session = client?.state === 'live' ? client : null;
  let sequence = null;
  while (session && fitting.size) {
    try {
      ({ sequence } = await session.setParameters(Object.fromEntries(fitting)));
      break;
    } catch (problem) {
      const refused = Object.entries(problem.parameters ?? {}).filter(([id]) => fitting.delete(id));
      if (!refused.length) throw problem;
      for (const [id, reason] of refused) misfits.set(id, String(reason));
    }
  }
  if (session !== (client?.state === 'live' ? client : null)) throw new Error('The session ended meanwhile.');
  controls.put(fitting, sequence);
  if (!session) client?.set(Object.fromEntries(fitting));
  return { applied: [...fitting.keys()], misfits };
}

async function changePolicy(wanted) {
  const session = client;
  if (!session) return;
  try {
    policy.reflect({ ...session.stats()?.server, ...(await session.setPolicy(wanted)) });
  } catch (problem) {
    if (client === session) trouble(problem, { severity: 'warning' });
    throw problem;
  }
}

/** What a session says is shown as long as it is the current one. */
function listen(session) {
  const on = (type, react) => session.addEventListener(type, ({ detail }) => client === session && react(detail));
  on('state', ({ state }) => {
    if (state === 'ended') return;
    status.state = state;
    controls.live = state === 'live';
    outputs.live = state === 'live';
    messages.dismiss('interrupted');
    if (state === 'interrupted') {
      const action = { label: 'Reconnect', run: start };
      messages.show({
        severity: 'info',
        title: 'The connection is interrupted',
        text: 'It may come back by itself.',
        key: 'interrupted',
        action,
      });
    }
  });
  on('track', ({ stream }) => output.show(stream));
  on('session', ({ handler, parameters }) => {
    // The server may have a newer version than the one whose controls are drawn.
    if (JSON.stringify(handler) !== JSON.stringify(shown)) show(handler, { ...parameters, ...controls.changed() });
    controls.reflect(parameters, (id) => session.isPending(id));
  });
  on('swap', ({ handler, parameters, from, version }) => {
    show(handler, parameters);
    controls.reflect(parameters, (id) => session.isPending(id));
    document.body.dataset.version = version;
    const back = version < from ? 'back to' : 'to';
    messages.show({ severity: 'info', title: `Moved ${back} version ${version}`, text: '', key: 'swap' });
    setTimeout(() => messages.dismiss('swap'), 6000);
    load();
  });
  on('build', ({ state, message }) => {
    const said = { running: ['info', 'Building …'], failed: ['error', 'The build failed'] }[state];
    for (const key of ['build-running', 'build-failed']) {
      // A failure stays in sight until there is something better.
      if (key !== `build-${state}` && !(key === 'build-failed' && state === 'running')) messages.dismiss(key);
    }
    if (!said) return;
    const [severity, title] = said;
    messages.dismiss(`build-${state}`);
    messages.show({ severity, title, text: message, key: `build-${state}`, preformatted: true });
  });
  // Its last words come after its end.
  session.addEventListener('log', ({ detail }) => session === window.frameboxClient && log.take(detail));
  on('frames', ({ frames }) => strip.take(frames));
  on('policy', (holds) => policy.reflect(holds));
  on('parameters', ({ parameters }) => controls.reflect(parameters, (id) => session.isPending(id)));
  on('values', ({ values, sequence, pts_us }) => outputs.take(values, sequence, pts_us));
  for (const severity of ['warning', 'error']) {
    on(severity, (detail) => {
      const { parameter, message } = detail;
      const shownThere = parameter && controls.refuse(parameter, message, session.held[parameter]);
      // With one value the others of its request were not taken either.
      if (detail.request !== undefined) controls.reflect(session.held, (id) => session.isPending(id));
      if (!shownThere) trouble(detail, { severity });
    });
  }
  on('stats', (snapshot) => {
    status.update(snapshot, shown.kind === 'observer' ? null : shownRate.read());
    details.update(snapshot, shown.kind);
    strip.budget = snapshot.server?.budget?.call_ms;
    policy.reflect(snapshot.server ?? {});
  });
  on('end', stopped);
}

async function changeCamera() {
  if (!client || shown.kind === 'generator') return;
  const mine = turn;
  try {
    const stream = await camera.open(shown);
    if (mine !== turn) return;
    input.show(stream);
    // While the session is still being made, it is made anew with the right camera.
    if (client.state === 'live') await client.replaceTrack(stream.getVideoTracks()[0]);
    else start();
  } catch (problem) {
    if (mine !== turn) return;
    client?.stop();
    stopped(problem);
  }
}

function cameraLost() {
  client?.stop();
  stopped({ code: 'camera-lost' });
}

function running(yes) {
  const moved = document.activeElement === at(yes ? 'start' : 'stop');
  at('start').hidden = yes;
  at('stop').hidden = !yes;
  if (moved) at(yes ? 'stop' : 'start').focus();
}

function trouble(problem, { severity = 'error', once = false, ...more } = {}) {
  const { key } = more;
  if (once && messages.has(key)) return;
  messages.show({ severity, ...describe(problem), ...more });
}
