/** The details panel: where the time goes, what the handler uses, what the network carries. */

/** @import { InputStats, Kind, Latency, OutputStats, Quantiles, Snapshot } from '../client/types.js' */

import { find, h, setText } from './elements.js';
import * as format from './format.js';

/** @type {[string, string][]} */
const STAGES = [
  ['decode', 'Decode'],
  ['wait', 'Wait'],
  ['handler', 'Handler'],
  ['encode', 'Encode'],
];
/** @type {[keyof Latency, string][]} */
const LATENCY = [
  ['encode', 'Encode here'],
  ['network', 'Network'],
  ['server', 'Server'],
  ['jitter_buffer', 'Jitter buffer'],
  ['decode', 'Decode here'],
];

export class Details {
  #root;
  #empty;
  #full;
  #facts;
  #stages;
  #latency;
  /** Rows of the list of facts, by name. @type {Map<string, {row: HTMLElement, value: HTMLElement}>} */
  #rows = new Map();

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    this.#empty = find(root, '.details-empty', HTMLElement);
    this.#full = find(root, '.details-full', HTMLElement);
    this.#facts = find(root, '[data-facts]', HTMLElement);
    this.#stages = new Parts(find(root, '[data-parts="stages"]', HTMLElement), STAGES);
    this.#latency = new Parts(find(root, '[data-parts="latency"]', HTMLElement), LATENCY);
  }

  clear() {
    for (const { row } of this.#rows.values()) row.hidden = true;
    this.#empty.hidden = false;
    this.#full.hidden = true;
  }

  /**
   * @param {Snapshot} snapshot
   * @param {Kind} kind Of the handler.
   */
  update({ server, input, output, network, latency }, kind) {
    this.#empty.hidden = true;
    this.#full.hidden = false;
    const stages = server?.stages_ms;
    if (stages) {
      this.#stages.draw((name) => stages[name]);
      const { total } = stages;
      const text = total
        ? `median ${format.milliseconds(total.p50)} ms, 95 % within ${format.milliseconds(total.p95)} ms`
        : '';
      this.#showTotal('total', text);
    }
    if (latency) {
      this.#latency.draw((name) => ({ p50: latency[/** @type {keyof Latency} */ (name)] }));
      this.#showTotal('latency', `${format.milliseconds(latency.total)} ms`);
    }
    const { fuel, rates, frames } = server ?? {};
    const facts = {
      Sent: media(input),
      'Quality limited by': input && input.limited !== 'none' ? input.limited : null,
      Received: media(output),
      'Packets lost': output && format.count(output.lost),
      'Round trip': network && `${format.milliseconds(network.round_trip_ms)} ms`,
      Path: network?.path,
      [kind === 'generator' ? 'Frames due' : 'Server receives']: rates && `${format.rate(rates.received_fps)} fps`,
      'Server processes': rates && `${format.rate(rates.processed_fps)} fps`,
      'Server sends': rates && `${format.rate(rates.sent_fps)} fps · up to ${format.bitrate(server?.bitrate_bps)}`,
      'Skipped by reason': format.reasons(frames?.skipped),
      'Failed by reason': format.reasons(frames?.failed),
      'Fuel per frame':
        fuel && `median ${format.short(fuel.p50)} · 95 % ${format.short(fuel.p95)} · last ${format.short(fuel.last)}`,
      'Handler memory': server?.memory_bytes ? format.bytes(server.memory_bytes) : null,
      'Instances created': server && format.count(server.instances_made),
      'Session age': server && format.duration(server.age_ms),
      Session: server?.id,
      Component: server?.digest,
    };
    for (const [name, value] of Object.entries(facts)) this.#showFact(name, value);
  }

  /** @param {string} name @param {string} text */
  #showTotal(name, text) {
    setText(find(this.#root, `[data-detail="${name}"]`, HTMLElement), text);
  }

  /** @param {string} name @param {string|null|undefined} text */
  #showFact(name, text) {
    let fact = this.#rows.get(name);
    if (!fact) {
      const value = h('dd');
      fact = { value, row: h('div', {}, h('dt', {}, name), value) };
      this.#rows.set(name, fact);
      this.#facts.append(fact.row);
    }
    fact.row.hidden = !text;
    if (text) setText(fact.value, text);
  }
}

/** Size, codec, frame rate and bit rate. @param {InputStats|OutputStats|null} stats */
function media(stats) {
  if (!stats) return null;
  const { width, height, codec, fps, bitrate_bps: bitrate } = stats;
  const parts = [width && `${width} × ${height}`, codec, `${format.rate(fps)} fps`, format.bitrate(bitrate)];
  return parts.filter(Boolean).join(' · ');
}

/** A bar of parts that add up, and below it each part with its figure. */
class Parts {
  #parts;
  #bar = h('div', { class: 'parts-bar', 'aria-hidden': true });

  /**
   * @param {HTMLElement} root
   * @param {[string, string][]} names Name and label of each part.
   */
  constructor(root, names) {
    const list = h('ul', { class: 'parts-list' });
    this.#parts = names.map(([name, label], index) => {
      const piece = h('span', { data: { line: index + 1 } });
      const figure = h('b');
      this.#bar.append(piece);
      list.append(h('li', { data: { line: index + 1, part: name } }, h('span', {}, label), ' ', figure));
      return { name, piece, figure };
    });
    root.append(this.#bar, list);
  }

  /** @param {(name: string) => Quantiles|undefined} timeOf Milliseconds of a part. */
  draw(timeOf) {
    for (const { name, piece, figure } of this.#parts) {
      const { p50 = null, p95 = null } = timeOf(name) ?? {};
      piece.style.setProperty('flex-grow', String(Math.max(0, p50 ?? 0)));
      setText(
        figure,
        p50 === null ? format.UNKNOWN : `${p50.toFixed(1)} ms${p95 === null ? '' : ` (${p95.toFixed(1)})`}`,
      );
    }
  }
}
