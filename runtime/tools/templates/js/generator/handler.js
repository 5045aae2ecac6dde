// Generates moving bands of colour and reports how far they have moved.
import { draw, size } from './effect.js';
import { descriptor, integer, output, putInteger, values } from './framebox.js';

let speed = 60;
let lastUs = 0;
let moved = 0; // millionths of a pixel

// Called with every parameter when a session starts, and with those that change.
function configure(settings) {
  speed = Number(values(settings).speed ?? speed);
}

export const lifecycle = {
  // Describes the handler to the page: a slider and a number.
  describe: () =>
    descriptor({
      title: '{{name}}',
      summary: 'Moving bands of colour',
      parameters: [integer('speed', 'Speed', { min: 0, max: 500, default: 60, unit: 'px/s' })],
      outputs: [output('moved', 'Moved', 'number', 'px')],
    }),
  init: configure,
  configure,
  close() {},
};

export const generate = {
  // Called for each frame, with the time since the stream began, in microseconds.
  next(nowUs, out) {
    // 64-bit integers may be BigInt.
    const now = Number(nowUs);
    moved += (now - lastUs) * speed;
    lastUs = now;
    const pixels = Math.floor(moved / 1_000_000);
    out.pixels(size, 'rgb8', draw(pixels));
    putInteger(out, 'moved', pixels);
  },
};
