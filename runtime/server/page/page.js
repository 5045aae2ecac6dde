/** The page: brings together the choice of a handler, the camera, the session and what is shown of them. */

import { Framebox } from '../framebox.js';
import { Camera } from './camera.js';
import { Controls } from './controls.js';
import { Details } from './details.js';
import { Handlers } from './handlers.js';
import { Messages } from './messages.js';
import { Outputs } from './outputs.js';
import { Screen } from './screen.js';
import { ShownRate, Status } from './status.js';
import { askForToken, token } from './token.js';
import { describe } from './troubles.js';

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
const controls = new Controls(at('controls'), at('reset'), {
  set: (values) => client?.set(values),
  press: (id) => client?.press(id),
});

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

if (!window.isSecureContext) trouble({ code: 'insecure-context' }, { severity: 'warning', key: 'insecure-context' });

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
  at('output-title').textContent = handler.kind === 'generator' ? 'Video' : 'Processed';
  at('handler-summary').textContent = handler.summary;
  controls.show(handler.parameters, kept);
  controls.live = client?.state === 'live';
  outputs.show(handler.outputs);
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
  output.show(null);
  const next = (client = window.frameboxClient = new Framebox({
    handler,
    token: token(),
    parameters: controls.changed(),
  }));
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
      ? 'Start again'
      : ENDED_BY_CONNECTION.includes(problem.code)
        ? 'Reconnect'
        : 'Try again';
  const severity = problem.code === 'finished' ? 'info' : 'error';
  const key = problem.code === 'server-unreachable' ? 'offline' : 'ended';
  trouble(problem, { severity, key, action: { label, run: start } });
  if (['handler-unknown', 'server-unreachable'].includes(problem.code)) load();
}

const ENDED_BY_CONNECTION = ['connection-lost', 'session-gone', 'connect-failed'];

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
  on('parameters', ({ parameters }) => controls.reflect(parameters, (id) => session.isPending(id)));
  on('values', ({ values, pts_us }) => outputs.take(values, pts_us));
  for (const severity of ['warning', 'error']) {
    on(severity, (detail) => {
      const { parameter, message } = detail;
      if (parameter && controls.refuse(parameter, message, session.parameters[parameter])) return;
      trouble(detail, { severity });
    });
  }
  on('stats', (snapshot) => {
    status.update(snapshot, shown.kind === 'observer' ? null : shownRate.read());
    details.update(snapshot);
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
