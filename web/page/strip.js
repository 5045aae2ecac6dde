/** The strip of frames: one column for each of the last ones, its stages stacked, on one canvas. */

import { h, oncePerFrame, setText } from './elements.js';
import * as format from './format.js';

/** Frames kept. */
const MOST_FRAMES = 300;
/** Narrowest column, pixels; where there is less room, fewer frames are drawn. */
const NARROWEST = 3;
const WIDEST = 8;
const HEIGHT = 132;
/** Beneath the columns: the lane of marks for frames without a result. */
const LANE = 13;
const TOP = 6;
/** The budget's line is drawn where it is within so many times the highest column. */
const BUDGET_NEAR = 3;

/** From the bottom up: the handler stands at the bottom, so that the line of its budget can be compared. */
const STAGES = [
  ['handler', 'Handler', 3],
  ['decode', 'Decode', 1],
  ['wait', 'Wait', 2],
  ['encode', 'Encode', 4],
];

export class Strip {
  #root;
  #rows = [];
  #budget = null;
  #cursor = null; // sequence of the frame that is told of
  #shown = 0;
  #column = NARROWEST;
  #draw = oncePerFrame(() => this.#paint());

  /** @param {HTMLElement} root Shown once there are frames. */
  constructor(root) {
    this.#root = root;
    this.canvas = h('canvas', {
      role: 'slider',
      tabindex: 0,
      'aria-label': 'Frames; the arrow keys go from one to the next, Page Up and Page Down to those without a result',
      'aria-orientation': 'horizontal',
    });
    this.told = h('p', { class: 'frames-told' });
    this.sum = h('p', { class: 'quiet frames-sum' });
    const key = (line, label) => h('li', { data: line }, label);
    const legend = h(
      'ul',
      { class: 'legend frames-legend' },
      ...STAGES.map(([, label, line]) => key({ line }, label)),
      key({ mark: 'skipped' }, 'Skipped'),
      key({ mark: 'failed' }, 'Failed'),
      (this.budgetKey = key({ mark: 'budget' }, '')),
    );
    root.append(h('div', { class: 'frames-body' }, this.canvas, this.told, legend, this.sum));
    this.canvas.addEventListener('pointermove', (event) => this.#point(event));
    this.canvas.addEventListener('pointerdown', (event) => this.#point(event));
    this.canvas.addEventListener('pointerleave', () => this.#tell(null));
    this.canvas.addEventListener('blur', () => this.#tell(null));
    this.canvas.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(this.#draw).observe(this.canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', this.#draw);
  }

  clear() {
    this.#rows = [];
    this.#budget = null;
    this.#root.hidden = true;
    this.#tell(null);
  }

  /** @param {object[]} rows As the server tells of frames, the oldest first. */
  take(rows) {
    this.#rows.push(...rows.slice(-MOST_FRAMES).filter((row) => row && typeof row === 'object'));
    this.#rows.splice(0, this.#rows.length - MOST_FRAMES);
    if (!this.#rows.length) return;
    this.#root.hidden = false;
    this.#draw();
  }

  /** What a call of the handler may take, ms; null when it is not known. */
  set budget(budget) {
    this.#budget = Number.isFinite(budget) && budget > 0 ? budget : null;
  }

  #visible() {
    return this.#rows.slice(-this.#shown);
  }

  #paint() {
    const width = this.canvas.clientWidth;
    if (!width || this.#root.hidden) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(HEIGHT * scale);
    const context = this.canvas.getContext('2d');
    context.scale(scale, scale);
    const style = getComputedStyle(this.canvas);
    const colour = (name) => style.getPropertyValue(name).trim();

    this.#shown = Math.min(MOST_FRAMES, Math.floor(width / NARROWEST));
    this.#column = Math.min(WIDEST, width / this.#shown);
    const rows = this.#visible();
    const floor = HEIGHT - LANE;
    const high = ceilingOf(rows, this.#budget);
    const tall = (ms) => Math.min(1, ms / high) * (floor - TOP);
    const thick = Math.max(1, this.#column - 1);
    const colours = STAGES.map(([, , line]) => colour(`--series-${line}`));
    const [warn, bad] = [colour('--warn'), colour('--bad')];

    context.fillStyle = colour('--line');
    context.fillRect(0, floor, width, 1);
    rows.forEach((row, index) => {
      const x = index * this.#column;
      let y = floor;
      STAGES.forEach(([name], stage) => {
        const size = Math.min(tall(stageOf(row, name)), y - TOP);
        if (!(size > 0)) return;
        context.fillStyle = colours[stage];
        context.fillRect(x, y - size, thick, size);
        y -= size;
      });
      if (row.outcome === 'skipped') {
        context.fillStyle = warn;
        context.fillRect(x, floor + 3, thick, 5);
      } else if (row.outcome === 'failed') {
        context.fillStyle = bad;
        context.fillRect(x, floor + 2, thick, LANE - 2);
      }
      if (row.sequence === this.#cursor) {
        context.strokeStyle = colour('--ink');
        context.strokeRect(x - 0.5, 0.5, thick + 1, HEIGHT - 1);
      }
    });
    if (this.#budget && this.#budget <= high) {
      const y = Math.round(floor - tall(this.#budget)) + 0.5;
      context.strokeStyle = colour('--bad');
      context.setLineDash([5, 4]);
      context.beginPath();
      context.moveTo(0, y);
      context.lineTo(width, y);
      context.stroke();
    }
    context.fillStyle = colour('--muted');
    context.font = `11px ${style.fontFamily}`;
    context.textAlign = 'right';
    context.fillText(`${format.milliseconds(high)} ms`, width - 2, TOP + 8);
    this.#summarize(rows, high);
  }

  #summarize(rows, high) {
    const tally = { processed: 0, skipped: {}, failed: {} };
    for (const { outcome, reason } of rows) {
      if (outcome === 'skipped' || outcome === 'failed') {
        const name = String(reason ?? 'no reason given').slice(0, 40);
        tally[outcome][name] = (tally[outcome][name] ?? 0) + 1;
      } else tally.processed += 1;
    }
    const parts = [`The last ${rows.length} frames: ${tally.processed} processed`];
    for (const outcome of ['skipped', 'failed']) {
      const reasons = format.reasons(tally[outcome]);
      if (reasons) parts.push(`${outcome}: ${reasons}`);
    }
    setText(this.sum, parts.join(', '));
    const beyond = this.#budget > high ? ' (above the strip)' : '';
    setText(this.budgetKey, this.#budget ? `A call may take ${format.milliseconds(this.#budget)} ms${beyond}` : '');
    this.budgetKey.hidden = !this.#budget;
    this.canvas.setAttribute('aria-valuemin', 1);
    this.canvas.setAttribute('aria-valuemax', rows.length);
    // The frame that is told of may have left.
    if (this.#cursor !== null && !rows.some(({ sequence }) => sequence === this.#cursor)) this.#tell(null);
    else this.#say();
  }

  #point({ offsetX }) {
    const rows = this.#visible();
    this.#tell(rows[Math.min(rows.length - 1, Math.max(0, Math.floor(offsetX / this.#column)))] ?? null);
  }

  #key(event) {
    const rows = this.#visible();
    const at = rows.findIndex(({ sequence }) => sequence === this.#cursor);
    const troubled = ({ outcome }) => outcome !== 'processed';
    const from = at < 0 ? rows.length : at;
    const to = {
      ArrowLeft: () => Math.max(0, from - 1),
      ArrowRight: () => Math.min(rows.length - 1, from + 1),
      ArrowDown: () => Math.max(0, from - 1),
      ArrowUp: () => Math.min(rows.length - 1, from + 1),
      Home: () => 0,
      End: () => rows.length - 1,
      PageUp: () => rows.findLastIndex((row, index) => index < from && troubled(row)),
      PageDown: () => rows.findIndex((row, index) => index > at && troubled(row)),
    }[event.key]?.();
    if (to === undefined) return;
    event.preventDefault();
    if (rows[to]) this.#tell(rows[to]);
  }

  #tell(row) {
    const cursor = row?.sequence ?? null;
    if (cursor === this.#cursor && cursor !== null) return;
    this.#cursor = cursor;
    this.#say();
    this.#draw();
  }

  #say() {
    const rows = this.#visible();
    const at = rows.findIndex(({ sequence }) => sequence === this.#cursor);
    const text = at < 0 ? 'Point at a column, or go through them with the arrow keys.' : wordsFor(rows[at]);
    setText(this.told, text);
    this.canvas.setAttribute('aria-valuenow', at < 0 ? rows.length : at + 1);
    this.canvas.setAttribute('aria-valuetext', at < 0 ? `${rows.length} frames` : text);
  }
}

/** Milliseconds of a stage; 0 where the frame did not get to it. */
function stageOf(row, stage) {
  const microseconds = row[`${stage}_us`];
  return Number.isFinite(microseconds) && microseconds > 0 ? microseconds / 1000 : 0;
}

/** What the height stands for, ms: nearly all columns in full, and the budget where it is near. */
function ceilingOf(rows, budget) {
  const totals = rows
    .map((row) => STAGES.reduce((sum, [name]) => sum + stageOf(row, name), 0))
    .filter((total) => total > 0)
    .sort((a, b) => a - b);
  const usual = Math.max(totals[Math.floor(totals.length * 0.98)] ?? 0, 1) * 1.15;
  return budget && budget <= usual * BUDGET_NEAR ? Math.max(usual, budget * 1.1) : usual;
}

function wordsFor(row) {
  const stages = STAGES.filter(([name]) => stageOf(row, name) > 0).map(
    ([name, label]) => `${label.toLowerCase()} ${format.milliseconds(stageOf(row, name))}`,
  );
  const reason = row.reason ? ` (${String(row.reason).slice(0, 80)})` : '';
  const times = stages.length ? ` · ${stages.join(', ')} ms` : '';
  const fuel = Number.isFinite(row.fuel) && row.fuel > 0 ? ` · fuel ${format.short(row.fuel)}` : '';
  return `Frame ${row.sequence} ${String(row.outcome).slice(0, 20)}${reason}${times}${fuel}`;
}
