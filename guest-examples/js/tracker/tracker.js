/**
 * Draws a box that follows the brightest or the most colourful spot of the picture.
 *
 * It analyses a small copy and draws four thin patches: the picture itself never enters JavaScript, so this keeps up with
 * any camera.
 */
import { choice, color, descriptor, integer, output, put, rgb, values } from '../framebox.js';

/** Size of the copy that is analysed, pixels. */
const SAMPLE = { width: 96, height: 54 };
/** Thickness of the box's lines, pixels of the picture; even, so that their colours are sharp. */
const LINE = 4;

/** The score of a pixel, 0 to 255. */
const SCORES = {
  brightest: (r, g, b) => (77 * r + 150 * g + 29 * b) >> 8,
  colourful: (r, g, b) => Math.max(r, g, b) - Math.min(r, g, b),
};

const settings = {};
/** The box as fractions of the picture; undefined before the first frame. */
let box;

/** Finds the spot with the highest score: its box as fractions of the picture, and its score. */
function find(pixels) {
  const { width, height } = SAMPLE;
  const score = SCORES[settings['look-for']];
  const scores = new Uint8Array(width * height);
  let best = 0;
  for (let i = 0, at = 0; i < scores.length; i++, at += 3) {
    const it = score(pixels[at], pixels[at + 1], pixels[at + 2]);
    scores[i] = it;
    if (it > scores[best]) best = i;
  }
  // Flood fill from the best pixel through pixels that score nearly as high.
  const least = scores[best] * 0.8;
  const spot = { left: best % width, top: Math.floor(best / width), right: best % width, bottom: Math.floor(best / width) };
  const seen = new Uint8Array(scores.length);
  const open = [best];
  seen[best] = 1;
  while (open.length > 0) {
    const i = open.pop();
    const x = i % width;
    const y = (i - x) / width;
    spot.left = Math.min(spot.left, x);
    spot.right = Math.max(spot.right, x);
    spot.top = Math.min(spot.top, y);
    spot.bottom = Math.max(spot.bottom, y);
    for (const [next, inside] of [[i - 1, x > 0], [i + 1, x + 1 < width], [i - width, y > 0], [i + width, y + 1 < height]]) {
      if (inside && !seen[next] && scores[next] >= least) {
        seen[next] = 1;
        open.push(next);
      }
    }
  }
  return {
    score: scores[best],
    box: [spot.left / width, spot.top / height, (spot.right + 1) / width, (spot.bottom + 1) / height],
  };
}

/** Draws the four sides of `box`, given as fractions of `size`. */
function outline(out, size, box) {
  const even = (part, whole) => Math.min(Math.round((part * whole) / 2) * 2, whole - (whole % 2));
  const [left, top, right, bottom] = box.map((part, i) => even(part, i % 2 ? size.height : size.width));
  const width = right - left;
  const height = bottom - top;
  if (width < 2 * LINE || height < 2 * LINE) return;
  const side = (x, y, width, height) => out.patch({ x, y, width, height }, 'rgb8', filled(width * height));
  side(left, top, width, LINE);
  side(left, bottom - LINE, width, LINE);
  side(left, top, LINE, height);
  side(right - LINE, top, LINE, height);
}

/** A number of pixels of the chosen colour. */
function filled(pixels) {
  const data = new Uint8Array(3 * pixels);
  data.set(rgb(settings.color));
  // Doubles the filled part in each step; the copy is native.
  for (let done = 3; done < data.length; done *= 2) data.copyWithin(done, 0, done);
  return data;
}

function configure(changed) {
  Object.assign(settings, values(changed));
}

export const lifecycle = {
  describe: () =>
    descriptor({
      title: 'Tracker',
      summary: 'A box that follows the brightest or most colourful spot',
      parameters: [
        choice('look-for', 'Look for', { brightest: 'The brightest spot', colourful: 'The most colourful spot' }),
        color('color', 'Colour of the box', '#ff2060'),
        integer('smoothing', 'Smoothing', { min: 0, max: 95, default: 60, unit: '%' }),
      ],
      outputs: [output('x', 'Across', 'gauge', '%'), output('y', 'Down', 'gauge', '%'), output('score', 'Score')],
    }),
  init(all) {
    box = undefined;
    configure(all);
  },
  configure,
  close() {},
};

export const transform = {
  process(input, out) {
    const { size } = input.info();
    const found = find(input.sample('rgb8', undefined, SAMPLE));
    const keep = box ? Number(settings.smoothing) / 100 : 0;
    box = found.box.map((part, i) => (keep > 0 ? box[i] * keep : 0) + part * (1 - keep));
    out.show(input);
    outline(out, size, box);
    const percent = (from, to) => Math.round((from + to) * 500) / 10;
    put(out, 'x', percent(box[0], box[2]));
    put(out, 'y', percent(box[1], box[3]));
    put(out, 'score', found.score);
  },
};
