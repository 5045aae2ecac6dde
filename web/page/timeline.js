/** The timeline of frames: one column for each recent frame with its stages stacked, on one canvas. */

/** @import { Counts, FrameRecord } from '../client/types.js' */

import { h, oncePerFrame, setText } from './elements.js';
import * as format from './format.js';

/** Frames that are kept. */
const MAX_FRAMES = 300;
/** Width of a column, px; where there is no room for the narrowest, fewer frames are drawn. */
const MIN_COLUMN = 3;
const MAX_COLUMN = 8;
/** Height of the canvas, px. */
const HEIGHT = 132;
/** Height of the lane below the columns, with marks for frames without a result, px. */
const LANE = 13;
/** Space above the columns, px. */
const TOP = 6;
/** The time budget is part of the scale when it is at most that many times the highest column. */
const BUDGET_RANGE = 3;
/** Longest reason that is shown, characters. */
const MAX_REASON = 80;

/**
 * Name, label and colour of each stage, from the bottom up: the handler is at the bottom, so that it can be compared
 * with the line of its budget.
 * @type {['handler'|'decode'|'wait'|'encode', string, number][]}
 */
const STAGES = [
  ['handler', 'Handler', 3],
  ['decode', 'Decode', 1],
  ['wait', 'Wait', 2],
  ['encode', 'Encode', 4],
];

export class Timeline {
  #root;
  /** @type {FrameRecord[]} */
  #frames = [];
  /** Time that a call of the handler may take, ms. @type {number|null} */
  #budget = null;
  /** Sequence of the frame that is described. @type {number|null} */
  #cursor = null;
  /** How many frames fit. */
  #capacity = 0;
  /** Width of a column, px. */
  #column = MIN_COLUMN;
  #draw = oncePerFrame(() => this.#paint());

  /** @param {HTMLElement} root Shown once there are frames. */
  constructor(root) {
    this.#root = root;
    this.canvas = h('canvas', {
      role: 'slider',
      tabindex: 0,
      'aria-label': 'Frames. The arrow keys move between frames, Page Up and Page Down between those without a result.',
      'aria-orientation': 'horizontal',
    });
    this.description = h('p', { class: 'frames-description' });
    this.summary = h('p', { class: 'quiet frames-summary' });
    /** @param {Record<string, string|number>} data @param {string} label */
    const key = (data, label) => h('li', { data }, label);
    this.budgetKey = key({ mark: 'budget' }, '');
    const legend = h(
      'ul',
      { class: 'legend frames-legend' },
      ...STAGES.map(([, label, line]) => key({ line }, label)),
      key({ mark: 'skipped' }, 'Skipped'),
      key({ mark: 'failed' }, 'Failed'),
      this.budgetKey,
    );
    root.append(h('div', { class: 'frames-body' }, this.canvas, this.description, legend, this.summary));
    this.canvas.addEventListener('pointermove', (event) => this.#point(event));
    this.canvas.addEventListener('pointerdown', (event) => this.#point(event));
    this.canvas.addEventListener('pointerleave', () => this.#select(undefined));
    this.canvas.addEventListener('blur', () => this.#select(undefined));
    this.canvas.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(this.#draw).observe(this.canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', this.#draw);
  }

  clear() {
    this.#frames = [];
    this.#budget = null;
    this.#root.hidden = true;
    this.#select(undefined);
  }

  /** @param {FrameRecord[]} frames The oldest first. */
  add(frames) {
    this.#frames.push(...frames.slice(-MAX_FRAMES).filter((frame) => frame && typeof frame === 'object'));
    this.#frames.splice(0, this.#frames.length - MAX_FRAMES);
    if (!this.#frames.length) return;
    this.#root.hidden = false;
    this.#draw();
  }

  /** Time that a call of the handler may take, ms; undefined while it is not known. */
  set budget(/** @type {number|undefined} */ budget) {
    this.#budget = budget !== undefined && Number.isFinite(budget) && budget > 0 ? budget : null;
  }

  #visible() {
    return this.#frames.slice(-this.#capacity);
  }

  #paint() {
    const width = this.canvas.clientWidth;
    const context = this.canvas.getContext('2d');
    if (!width || this.#root.hidden || !context) return;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(HEIGHT * ratio);
    context.scale(ratio, ratio);
    this.#capacity = Math.min(MAX_FRAMES, Math.floor(width / MIN_COLUMN));
    this.#column = Math.min(MAX_COLUMN, width / this.#capacity);
    const frames = this.#visible();
    const scale = scaleOf(frames, this.#budget);
    const style = getComputedStyle(this.canvas);
    /** @param {string} name */
    const colour = (name) => style.getPropertyValue(name).trim();
    const base = HEIGHT - LANE;

    context.fillStyle = colour('--line');
    context.fillRect(0, base, width, 1);
    frames.forEach((frame, index) => this.#paintColumn(context, colour, frame, index * this.#column, scale));
    if (this.#budget && this.#budget <= scale) {
      const y = Math.round(base - heightOf(this.#budget, scale)) + 0.5;
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
    context.fillText(`${format.milliseconds(scale)} ms`, width - 2, TOP + 8);
    this.#summarize(frames, scale);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {(name: string) => string} colour
   * @param {FrameRecord} frame
   * @param {number} x Its left edge, px.
   * @param {number} scale Time that the full height stands for, ms.
   */
  #paintColumn(context, colour, frame, x, scale) {
    const base = HEIGHT - LANE;
    const width = Math.max(1, this.#column - 1);
    let y = base;
    for (const [stage, , line] of STAGES) {
      const height = Math.min(heightOf(timeOf(frame, stage), scale), y - TOP);
      if (!(height > 0)) continue;
      context.fillStyle = colour(`--series-${line}`);
      context.fillRect(x, y - height, width, height);
      y -= height;
    }
    if (frame.outcome === 'skipped') {
      context.fillStyle = colour('--warn');
      context.fillRect(x, base + 3, width, 5);
    } else if (frame.outcome === 'failed') {
      context.fillStyle = colour('--bad');
      context.fillRect(x, base + 2, width, LANE - 2);
    }
    if (frame.sequence === this.#cursor) {
      context.strokeStyle = colour('--ink');
      context.strokeRect(x - 0.5, 0.5, width + 1, HEIGHT - 1);
    }
  }

  /** @param {FrameRecord[]} frames @param {number} scale */
  #summarize(frames, scale) {
    setText(this.summary, summaryOf(frames));
    const budget = this.#budget;
    const beyond = budget && budget > scale ? ' (above this scale)' : '';
    setText(this.budgetKey, budget ? `Time budget of a call: ${format.milliseconds(budget)} ms${beyond}` : '');
    this.budgetKey.hidden = !budget;
    this.canvas.ariaValueMin = '1';
    this.canvas.ariaValueMax = String(frames.length);
    // The selected frame may have left.
    if (this.#cursor !== null && !frames.some(({ sequence }) => sequence === this.#cursor)) this.#select(undefined);
    else this.#describe();
  }

  /** @param {PointerEvent} event */
  #point({ offsetX }) {
    const frames = this.#visible();
    this.#select(frames[Math.min(frames.length - 1, Math.max(0, Math.floor(offsetX / this.#column)))]);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const frames = this.#visible();
    const current = frames.findIndex(({ sequence }) => sequence === this.#cursor);
    const from = current < 0 ? frames.length : current;
    const target = indexAfter(event.key, frames, from, current);
    if (target === undefined) return;
    event.preventDefault();
    if (frames[target]) this.#select(frames[target]);
  }

  /** @param {FrameRecord|undefined} frame */
  #select(frame) {
    const cursor = frame?.sequence ?? null;
    if (cursor === this.#cursor && cursor !== null) return;
    this.#cursor = cursor;
    this.#describe();
    this.#draw();
  }

  #describe() {
    const frames = this.#visible();
    const index = frames.findIndex(({ sequence }) => sequence === this.#cursor);
    const text = index < 0 ? 'Point at a column for its details, or use the arrow keys.' : descriptionOf(frames[index]);
    setText(this.description, text);
    this.canvas.ariaValueNow = String(index < 0 ? frames.length : index + 1);
    this.canvas.ariaValueText = index < 0 ? `${frames.length} frames` : text;
  }
}

/**
 * The index of the frame that a key moves to, -1 where there is none; undefined for other keys.
 * @param {string} key
 * @param {FrameRecord[]} frames
 * @param {number} from Index to move from.
 * @param {number} current Index of the selected frame; -1: none.
 */
function indexAfter(key, frames, from, current) {
  /** @param {FrameRecord} frame */
  const isUnprocessed = ({ outcome }) => outcome !== 'processed';
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return Math.max(0, from - 1);
    case 'ArrowRight':
    case 'ArrowUp':
      return Math.min(frames.length - 1, from + 1);
    case 'Home':
      return 0;
    case 'End':
      return frames.length - 1;
    case 'PageUp':
      return frames.findLastIndex((frame, index) => index < from && isUnprocessed(frame));
    case 'PageDown':
      return frames.findIndex((frame, index) => index > current && isUnprocessed(frame));
    default:
      return undefined;
  }
}

/** Height of a time, px. @param {number} time ms @param {number} scale */
const heightOf = (time, scale) => Math.min(1, time / scale) * (HEIGHT - LANE - TOP);

/**
 * Time of a stage, ms; 0 where the frame did not reach it.
 * @param {FrameRecord} frame
 * @param {'handler'|'decode'|'wait'|'encode'} stage
 */
function timeOf(frame, stage) {
  const microseconds = frame[`${stage}_us`];
  return Number.isFinite(microseconds) && microseconds > 0 ? microseconds / 1000 : 0;
}

/**
 * Time that the full height stands for, ms: nearly all columns, and the budget where it is near.
 * @param {FrameRecord[]} frames
 * @param {number|null} budget
 */
function scaleOf(frames, budget) {
  const totals = frames
    .map((frame) => STAGES.reduce((sum, [stage]) => sum + timeOf(frame, stage), 0))
    .filter((total) => total > 0)
    .sort((a, b) => a - b);
  const usual = Math.max(totals[Math.floor(totals.length * 0.98)] ?? 0, 1) * 1.15;
  return budget && budget <= usual * BUDGET_RANGE ? Math.max(usual, budget * 1.1) : usual;
}

/** @param {FrameRecord[]} frames */
function summaryOf(frames) {
  let processed = 0;
  /** @type {Record<'skipped'|'failed', Counts>} */
  const reasons = { skipped: {}, failed: {} };
  for (const { outcome, reason } of frames) {
    if (outcome === 'skipped' || outcome === 'failed') {
      const name = String(reason ?? 'no reason given').slice(0, 40);
      reasons[outcome][name] = (reasons[outcome][name] ?? 0) + 1;
    } else processed += 1;
  }
  const skipped = format.reasons(reasons.skipped);
  const failed = format.reasons(reasons.failed);
  const parts = [`The last ${frames.length} frames: ${processed} processed`];
  if (skipped) parts.push(`skipped: ${skipped}`);
  if (failed) parts.push(`failed: ${failed}`);
  return parts.join(', ');
}

/** @param {FrameRecord} frame */
function descriptionOf(frame) {
  const stages = STAGES.filter(([stage]) => timeOf(frame, stage) > 0).map(
    ([stage, label]) => `${label.toLowerCase()} ${format.milliseconds(timeOf(frame, stage))}`,
  );
  const reason = frame.reason ? ` (${String(frame.reason).slice(0, MAX_REASON)})` : '';
  const times = stages.length ? ` · ${stages.join(', ')} ms` : '';
  const fuel = Number.isFinite(frame.fuel) && frame.fuel > 0 ? ` · fuel ${format.short(frame.fuel)}` : '';
  return `Frame ${frame.sequence} ${frame.outcome}${reason}${times}${fuel}`;
}
