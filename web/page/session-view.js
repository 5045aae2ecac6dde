/** Shows on the page what a session reports. */

/** @import { EventDetails, Handler, Values } from '../client/types.js' */
/** @import { Framebox } from '../framebox.js' */
/** @import { Controls } from './controls.js' */
/** @import { Details } from './details.js' */
/** @import { Log } from './log.js' */
/** @import { Messages } from './messages.js' */
/** @import { Outputs } from './outputs.js' */
/** @import { PolicyChoice } from './policy.js' */
/** @import { ShownRate, Status } from './status.js' */
/** @import { Timeline } from './timeline.js' */
/** @import { VideoPanel } from './video-panel.js' */

import { describe } from './error-texts.js';
import { isOfStream } from './watching.js';

/** Time for which a swap to another version is shown, ms. */
const SWAP_TIME = 6000;

/**
 * The parts of the page that show a session.
 * @typedef {object} Panels
 * @property {Controls} controls
 * @property {Details} details
 * @property {Log} log
 * @property {Messages} messages
 * @property {Outputs} outputs
 * @property {PolicyChoice} policy
 * @property {ShownRate} shownRate
 * @property {Status} status
 * @property {Timeline} timeline
 * @property {VideoPanel} output
 */

/**
 * What the page does beyond showing. `handler` returns the handler whose controls are drawn; `showHandler` draws those
 * of another; `changed`: the session's state is another one.
 * @typedef {object} Actions
 * @property {() => Handler|null} handler
 * @property {(handler: Handler, values?: Values) => void} showHandler
 * @property {() => void} reload Reads the handlers again.
 * @property {() => void} reconnect
 * @property {() => void} changed
 * @property {(end: EventDetails['end']) => void} ended
 */

/**
 * Shows what a session reports, as long as it is the current one.
 * @param {Framebox} session
 * @param {() => boolean} isCurrent Whether no other session was started, and this one was not stopped.
 * @param {() => boolean} isLatest Whether no other session was started.
 * @param {Panels} panels
 * @param {Actions} actions
 */
export function showSession(session, isCurrent, isLatest, panels, actions) {
  const { controls, details, log, messages, outputs, policy, shownRate, status, timeline, output } = panels;
  /** @param {string} id */
  const isPending = (id) => session.isPending(id);
  /**
   * @template {keyof EventDetails} T
   * @param {T} type
   * @param {(detail: EventDetails[T]) => void} listener
   * @param {() => boolean} [isWanted]
   */
  const on = (type, listener, isWanted = isCurrent) =>
    session.addEventListener(type, (event) => {
      if (isWanted()) listener(/** @type {CustomEvent} */ (event).detail);
    });

  on('state', ({ state }) => {
    if (state === 'ended') return;
    actions.changed();
    status.state = state;
    controls.live = state === 'live';
    outputs.live = state === 'live';
    messages.dismiss('interrupted');
    if (state === 'interrupted') {
      messages.show({
        severity: 'info',
        title: 'The connection is interrupted, reconnecting …',
        text: 'The session goes on as soon as the network does.',
        key: 'interrupted',
        action: { label: 'Reconnect', run: actions.reconnect },
      });
    }
  });
  on('track', ({ stream }) => output.show(stream));
  on('session', ({ handler, parameters }) => {
    // The server may have a newer version than the one whose controls are drawn; a stream has values of its own.
    if (session.watched) actions.showHandler(handler, parameters);
    else if (JSON.stringify(handler) !== JSON.stringify(actions.handler()))
      actions.showHandler(handler, { ...parameters, ...controls.changed() });
    controls.reflect(parameters, isPending);
  });
  on('swap', ({ handler, parameters, from, version }) => {
    actions.showHandler(handler, parameters);
    controls.reflect(parameters, isPending);
    document.body.dataset.version = String(version);
    const verb = version < from ? 'Returned' : 'Moved';
    messages.show({ severity: 'info', title: `${verb} to version ${version}`, key: 'swap' });
    setTimeout(() => messages.dismiss('swap'), SWAP_TIME);
    actions.reload();
  });
  on('build', ({ state, message }) => showBuild(messages, state, message));
  // The handler's last lines arrive after the end of the session.
  on('log', (line) => log.add(line), isLatest);
  on('frames', ({ frames }) => timeline.add(frames));
  on('policy', (held) => policy.reflect(held));
  on('parameters', ({ parameters }) => controls.reflect(parameters, isPending));
  on('values', ({ values, sequence, pts_us }) => outputs.add(values, sequence, pts_us));
  for (const severity of /** @type {const} */ (['warning', 'error'])) {
    on(severity, (notice) => {
      const { parameter, message, request } = notice;
      if (isOfStream(notice.code)) return;
      const isShown = parameter !== undefined && controls.refuse(parameter, message, session.held[parameter]);
      // A request is refused as a whole, so its other values do not hold either.
      if (request !== undefined) controls.reflect(session.held, isPending);
      if (!isShown) messages.show({ severity, ...describe(notice) });
    });
  }
  on('stats', (snapshot) => {
    const kind = actions.handler()?.kind ?? 'transform';
    status.update(snapshot, kind === 'observer' ? null : shownRate.read());
    details.update(snapshot, kind);
    timeline.budget = snapshot.server?.budget?.call_ms;
    policy.reflect(snapshot.server ?? {});
  });
  on('end', actions.ended);
}

/**
 * Shows the state of the next version's build. A failure stays until a build succeeds.
 * @param {Messages} messages
 * @param {EventDetails['build']['state']} state
 * @param {string} message
 */
function showBuild(messages, state, message) {
  messages.dismiss('build-running');
  if (state !== 'running') messages.dismiss('build-failed');
  if (state === 'running')
    messages.show({ severity: 'info', title: 'Building …', text: message, key: 'build-running', preformatted: true });
  else if (state === 'failed')
    messages.show({
      severity: 'error',
      title: 'The build failed',
      text: message,
      key: 'build-failed',
      preformatted: true,
    });
}
