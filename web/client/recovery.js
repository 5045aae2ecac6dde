/** Brings an interrupted connection back by restarting ICE within the same session, until the server has given it up. */

import { toFrameboxError } from './errors.js';
import { sleep } from './promise.js';

/** Time in which an interruption may heal by itself before ICE is restarted, ms. */
const PATIENCE = 1500;
/** Longest time for the first attempt, ms: a request that hangs in a dead network is given up for a fresh one. */
const FIRST_ATTEMPT = 2000;
/** Longest time for any attempt, ms. */
const LONGEST_ATTEMPT = 3000;
/** Pause after the first attempt that failed, ms. */
const FIRST_PAUSE = 500;
/** Longest pause, ms. */
const LONGEST_PAUSE = 1000;
/** Time that the connection has after a restart was answered before another one is tried, ms. */
const SETTLING = 3000;
/** Time for which the client goes on after the server's disconnect timeout, ms: the server's clock began somewhat later. */
const MARGIN = 2000;

export class Recovery {
  #rtc;
  #signal;
  #restart;
  #notify;
  #running = false;
  /** When the interruption began, ms; null while there is none. @type {number|null} */
  #since = null;
  /** Gives up the attempt that is under way. @type {AbortController|null} */
  #attempting = null;
  /** Ends a pause. */
  #resume = () => {};
  /** Time for which the server keeps an interrupted session, ms. */
  timeout = 30_000;

  /**
   * @param {RTCPeerConnection} rtc
   * @param {AbortSignal} signal Ends it.
   * @param {(signal: AbortSignal) => Promise<void>} restart Restarts ICE.
   * @param {{attempted: (attempt: number) => void, gone: () => void, gaveUp: () => void}} notify `attempted`: an attempt
   *   begins; `gone`: the server no longer has the session; `gaveUp`: the time is over.
   */
  constructor(rtc, signal, restart, notify) {
    this.#rtc = rtc;
    this.#signal = signal;
    this.#restart = restart;
    this.#notify = notify;
    rtc.addEventListener('iceconnectionstatechange', () => this.#changed());
    signal.addEventListener('abort', () => this.#interruptWork());
    globalThis.addEventListener('online', () => this.#networkChanged(), { signal });
    const network = /** @type {any} */ (navigator).connection;
    let kind = network?.type;
    const changed = () => {
      // It tells of estimates of the network's speed, too.
      if (network.type !== kind || this.#since !== null) this.#networkChanged();
      kind = network.type;
    };
    network?.addEventListener?.('change', changed, { signal });
  }

  get #isConnected() {
    return ['connected', 'completed'].includes(this.#rtc.iceConnectionState);
  }

  #changed() {
    switch (this.#rtc.iceConnectionState) {
      case 'connected':
      case 'completed':
        // An attempt that is under way goes on: the server may have answered it already.
        this.#since = null;
        this.#resume();
        break;
      case 'disconnected':
        this.#run(PATIENCE);
        break;
      case 'failed':
        this.#resume();
        this.#run(0);
    }
  }

  /** The device has another network: what was tried on the old one is in vain. */
  #networkChanged() {
    if (!['connected', 'completed', 'disconnected', 'failed'].includes(this.#rtc.iceConnectionState)) return;
    if (this.#running) this.#interruptWork();
    else this.#run(0, true);
  }

  #interruptWork() {
    this.#attempting?.abort();
    this.#resume();
  }

  /** @param {number} patience @param {boolean} [moved] Whether to restart once even where the connection looks well. */
  async #run(patience, moved = false) {
    this.#since ??= performance.now();
    if (this.#running) return;
    this.#running = true;
    await this.#pause(patience);
    let [time, pause] = [FIRST_ATTEMPT, FIRST_PAUSE];
    for (let attempt = 1; this.#goesOn(moved && attempt === 1); attempt += 1) {
      this.#notify.attempted(attempt);
      const outcome = await this.#attempt(time);
      if (this.#signal.aborted) break;
      if (outcome === 'gone') {
        this.#notify.gone();
        break;
      }
      await this.#pause(outcome === 'answered' ? SETTLING : pause);
      if (outcome === 'failed') {
        time = Math.min(1.5 * time, LONGEST_ATTEMPT);
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      }
    }
    this.#running = false;
    if (this.#isConnected) this.#since = null;
  }

  /** @param {boolean} anyway Whether also without an interruption. */
  #goesOn(anyway) {
    if (this.#signal.aborted || this.#since === null) return false;
    if (anyway) return true;
    if (this.#isConnected) return false;
    const isOver = performance.now() - this.#since > this.timeout + MARGIN;
    if (isOver) this.#notify.gaveUp();
    return !isOver;
  }

  /** @param {number} time @returns {Promise<'answered'|'failed'|'gone'>} */
  async #attempt(time) {
    const attempt = (this.#attempting = new AbortController());
    const timer = setTimeout(() => attempt.abort(), time);
    try {
      await this.#restart(attempt.signal);
      return 'answered';
    } catch (error) {
      const { status } = toFrameboxError(error);
      return status === 404 || status === 410 ? 'gone' : 'failed';
    } finally {
      clearTimeout(timer);
      this.#attempting = null;
    }
  }

  /** Waits, unless something happens before. @param {number} time */
  async #pause(time) {
    /** @type {Promise<void>} */
    const resumed = new Promise((resolve) => {
      this.#resume = resolve;
    });
    await Promise.race([sleep(time), resumed]);
    this.#resume = () => {};
  }
}
