/** Runs a session of a handler, or watches a stream, one at a time. */

/** @import { EventDetails, Handler } from '../client/types.js' */
/** @import { FrameRate } from './frame-rate.js' */
/** @import { Input } from './input.js' */
/** @import { Message } from './messages.js' */
/** @import { Panels } from './session-view.js' */
/** @import { VideoPanel } from './video-panel.js' */
/** @import { Watching } from './watching.js' */

import { toFrameboxError } from '../client/errors.js';
import { Framebox, FrameboxError } from '../framebox.js';
import { showSession } from './session-view.js';
import { token } from './token.js';

/** Errors after which a person reconnects rather than tries again. */
const CONNECTION_ERRORS = ['connection-lost', 'session-gone', 'connect-failed'];

/** Keys of messages that disappear by themselves. @type {Record<string, string>} */
const KEYS = { 'server-unreachable': 'offline', 'not-allowed': 'token' };

/** @typedef {Panels & {input: VideoPanel, watching: Watching}} Parts */

/**
 * What the player asks of the page. `chosen`: the handler that a person chose; `shown`: the one whose controls are drawn;
 * `changed`: another session runs, or none; `error`: shows an error; `signIn`: asks for a token, then tries again.
 * @typedef {object} Actions
 * @property {() => Handler|null} chosen
 * @property {() => Handler|null} shown
 * @property {import('./session-view.js').Actions['showHandler']} showHandler
 * @property {() => void} reload Reads the handlers again.
 * @property {() => void} changed
 * @property {(error: EventDetails['end'], message?: Partial<Message>) => void} error
 * @property {(again: () => void) => void} signIn
 */

export class Player {
  #parts;
  #choices;
  #actions;
  /** Counts starts and stops: work that was started before the latest one is abandoned. */
  #generation = 0;
  /** The client of the current session; null while none runs. @type {Framebox|null} */
  client = null;
  /** The client of the most recent session, also for scripts in the browser's console. @type {Framebox|null} */
  latest = null;

  /**
   * @param {Parts} parts
   * @param {{input: Input, frameRate: FrameRate}} choices
   * @param {Actions} actions
   */
  constructor(parts, choices, actions) {
    this.#parts = parts;
    this.#choices = choices;
    this.#actions = actions;
  }

  /** Starts a session of the chosen handler, in place of what runs. */
  async start() {
    const handler = this.#actions.chosen();
    if (!handler) return;
    const { controls, policy } = this.#parts;
    const { input, frameRate } = this.#choices;
    const isGenerator = handler.kind === 'generator';
    const fps = isGenerator ? frameRate.value : null;
    if (this.#actions.shown() !== handler) this.#actions.showHandler(handler);
    const parameters = controls.changed();
    const options = { token: token(), handler, parameters, fps, log: true, frames: true, ...policy.chosen };
    await this.#run(new Framebox(options), async () => {
      if (!isGenerator) return input.open(handler);
      input.close();
      return null;
    });
  }

  /** Watches a stream, in place of what runs. @param {string} name */
  async watch(name) {
    await this.#run(new Framebox({ token: token(), stream: name, log: true, frames: true }), async () => {
      this.#choices.input.close();
      return null;
    });
  }

  /**
   * @param {Framebox} next
   * @param {() => Promise<MediaStream|null>} open Opens what is sent.
   */
  async #run(next, open) {
    this.#generation += 1;
    const mine = this.#generation;
    const isCurrent = () => mine === this.#generation;
    const previous = this.client;
    this.#clear();
    this.client = next;
    this.latest = next;
    Object.assign(window, { frameboxClient: next });
    showSession(
      next,
      () => this.client === next,
      () => this.latest === next,
      this.#parts,
      {
        handler: () => this.#actions.shown(),
        showHandler: this.#actions.showHandler,
        reload: this.#actions.reload,
        reconnect: () => this.#again(next),
        changed: this.#actions.changed,
        ended: (end) => this.#showEnd(end),
      },
    );
    document.body.dataset.mode = next.watched ? 'watch' : 'run';
    this.#parts.status.state = 'connecting';
    this.#actions.changed();
    try {
      // A server at its limit needs the previous session to end first.
      await previous?.stop();
      if (!isCurrent()) return;
      const stream = await open();
      if (!isCurrent()) return;
      this.#parts.input.show(stream);
      const started = next.start({ stream });
      document.body.dataset.session = next.id ?? '';
      if (next.watched) this.#parts.watching.start(next);
      await started;
    } catch (error) {
      if (isCurrent()) this.#showEnd(toFrameboxError(error));
    }
  }

  stop() {
    this.fail(new FrameboxError('stopped', 'The session was stopped.'));
  }

  /** Ends the session because of an error. @param {FrameboxError} error */
  fail(error) {
    const ended = this.client;
    // Its own end is not shown then.
    this.client = null;
    ended?.stop();
    this.#showEnd(error, ended);
  }

  /** Sends what is chosen as the input in place of what is sent. */
  async changeInput() {
    const { client } = this;
    const handler = this.#actions.shown();
    if (!client || client.watched || !handler || handler.kind === 'generator') return;
    const mine = this.#generation;
    const before = this.#choices.input.opened;
    try {
      const stream = await this.#choices.input.open(handler);
      if (mine !== this.#generation) return;
      this.#parts.input.show(stream);
      // A session that is not live yet is started again with the right input.
      if (client.state === 'live') await client.replaceTrack(stream.getVideoTracks()[0]);
      else this.start();
    } catch (cause) {
      if (mine !== this.#generation) return;
      const error = toFrameboxError(cause);
      const goesOn = before && before === this.#choices.input.opened && before !== this.#choices.input.kind;
      if (!goesOn) this.fail(error);
      // What is sent already goes on.
      else this.#actions.error(error, { severity: 'warning' });
      if (goesOn) this.#choices.input.kind = before;
    }
    this.#actions.changed();
  }

  #clear() {
    const { details, log, messages, output, policy, status, timeline, watching } = this.#parts;
    for (const part of [messages, status, details, timeline, policy, log]) part.clear();
    watching.stop();
    output.show(null);
  }

  /** @param {Framebox} ended */
  #again({ watched }) {
    if (watched) this.watch(watched);
    else this.start();
  }

  /**
   * Shows that no session runs, and why, unless the person stopped it.
   * @param {EventDetails['end']} end
   * @param {Framebox|null} [ended]
   */
  #showEnd(end, ended = this.client) {
    const { code } = end;
    this.#generation += 1;
    this.client = null;
    const { controls, input, messages, output, outputs, status, watching } = this.#parts;
    delete document.body.dataset.session;
    this.#choices.input.close();
    watching.stop();
    input.show(null);
    output.show(null);
    controls.live = false;
    outputs.live = false;
    status.state = 'ended';
    document.body.dataset.mode = 'run';
    this.#actions.changed();
    if (code === 'stopped' || !ended) return;
    messages.dismiss('interrupted');
    const run = () => this.#again(ended);
    const signIn = { label: 'Enter a token', run: () => this.#actions.signIn(run) };
    this.#actions.error(end, {
      severity: code === 'finished' ? 'info' : 'error',
      key: KEYS[code] ?? 'ended',
      action: code === 'not-allowed' ? signIn : { label: this.#retryLabel(code, ended), run },
    });
    if (['handler-unknown', 'server-unreachable'].includes(code)) this.#actions.reload();
  }

  /** @param {string} code @param {Framebox} ended */
  #retryLabel(code, ended) {
    if (CONNECTION_ERRORS.includes(code)) return 'Reconnect';
    if (code === 'screen-ended') return 'Share again';
    if (code !== 'finished') return 'Try again';
    if (ended.watched) return 'Watch again';
    return this.#actions.shown()?.kind === 'generator' ? 'Play again' : 'Start again';
  }
}
