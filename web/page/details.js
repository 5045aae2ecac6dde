/** The details panel: where the time goes, what the handler uses, what the network carries. */

import { h, setText } from './elements.js';
import * as format from './format.js';

const STAGES = [
  ['decode', 'Decode'],
  ['wait', 'Wait'],
  ['handler', 'Handler'],
  ['encode', 'Encode'],
];
const LATENCY = [
  ['encode', 'Encode here'],
  ['network', 'Network'],
  ['server', 'Server'],
  ['jitter_buffer', 'Jitter buffer'],
  ['decode', 'Decode here'],
];

export class Details {
  #root;
  #stages;
  #latency;
  #facts = new Map();

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    this.#stages = new Parts(root.querySelector('[data-parts="stages"]'), STAGES);
    this.#latency = new Parts(root.querySelector('[data-parts="latency"]'), LATENCY);
  }

  clear() {
    for (const { element } of this.#facts.values()) element.hidden = true;
    this.#root.querySelector('.details-empty').hidden = false;
    this.#root.querySelector('.details-full').hidden = true;
  }

  /**
   * @param {import('../client/types.js').Snapshot} snapshot
   * @param {string} kind Of the handler.
   */
  update({ server, input, output, network, latency }, kind) {
    this.#root.querySelector('.details-empty').hidden = true;
    this.#root.querySelector('.details-full').hidden = false;
    if (server?.stages_ms) {
      this.#stages.draw((name) => server.stages_ms[name]);
      const { total } = server.stages_ms;
      this.#say(
        'total',
        total ? `median ${format.milliseconds(total.p50)} ms, 95 % within ${format.milliseconds(total.p95)} ms` : '',
      );
    }
    if (latency) {
      this.#latency.draw((name) => ({ p50: latency[name] }));
      this.#say('latency', `${format.milliseconds(latency.total)} ms`);
    }
    const picture = (side) =>
      side &&
      [
        side.width && `${side.width} × ${side.height}`,
        side.codec,
        `${format.rate(side.fps)} fps`,
        format.bitrate(side.bitrate_bps),
      ]
        .filter(Boolean)
        .join(' · ');
    const { fuel, rates } = server ?? {};
    const facts = {
      Sent: picture(input),
      'Held down by': input && input.limited !== 'none' ? input.limited : null,
      Received: picture(output),
      'Packets lost': output && format.count(output.lost),
      'Round trip': network && `${format.milliseconds(network.round_trip_ms)} ms`,
      [kind === 'generator' ? 'Frames due' : 'Server receives']: rates && `${format.rate(rates.received_fps)} fps`,
      'Server processes': rates && `${format.rate(rates.processed_fps)} fps`,
      'Server sends': rates && `${format.rate(rates.sent_fps)} fps · up to ${format.bitrate(server.bitrate_bps)}`,
      'Skipped because': format.reasons(server?.frames?.skipped),
      'Failed because': format.reasons(server?.frames?.failed),
      'Fuel a frame':
        fuel && `median ${format.short(fuel.p50)} · 95 % ${format.short(fuel.p95)} · last ${format.short(fuel.last)}`,
      'Handler’s memory': server?.memory_bytes ? format.bytes(server.memory_bytes) : null,
      'Instances made': server && format.count(server.instances_made),
      'Session’s age': server && format.duration(server.age_ms),
      Session: server?.id,
      Component: server?.digest,
    };
    for (const [name, value] of Object.entries(facts)) this.#fact(name, value);
  }

  #say(name, text) {
    setText(this.#root.querySelector(`[data-detail="${name}"]`), text);
  }

  #fact(name, value) {
    let fact = this.#facts.get(name);
    if (!fact) {
      fact = { value: h('dd') };
      fact.element = h('div', {}, h('dt', {}, name), fact.value);
      this.#facts.set(name, fact);
      this.#root.querySelector('[data-facts]').append(fact.element);
    }
    fact.element.hidden = !value;
    if (value) setText(fact.value, value);
  }
}

/** A bar of parts that add up, and beneath it each with its figure. */
class Parts {
  #parts;
  #bar = h('div', { class: 'parts-bar', 'aria-hidden': true });

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

  draw(of) {
    for (const { name, piece, figure } of this.#parts) {
      const { p50, p95 } = of(name) ?? {};
      piece.style.setProperty('flex-grow', Math.max(0, p50 ?? 0));
      setText(
        figure,
        p50 === undefined || p50 === null
          ? format.UNKNOWN
          : `${p50.toFixed(1)} ms${p95 === undefined ? '' : ` (${p95.toFixed(1)})`}`,
      );
    }
  }
}
