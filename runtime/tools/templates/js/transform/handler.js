// Mirrors the brightness of what is brighter than a threshold, and tells how much of the picture that is.
import { solarize } from './effect.js';
import { descriptor, integer, output, putInteger, values } from './framebox.js';

let threshold = 128;

// A session begins, with every parameter; or somebody moved a slider.
function configure(settings) {
  threshold = Number(values(settings).threshold ?? threshold);
}

export const lifecycle = {
  // What the page shows: a slider and a gauge.
  describe: () =>
    descriptor({
      title: '{{name}}',
      summary: 'A negative of what is bright',
      parameters: [integer('threshold', 'Threshold', { min: 16, max: 235, default: 128 })],
      outputs: [output('share', 'Mirrored', 'gauge', '%')],
    }),
  init: configure,
  configure,
  close() {},
};

export const transform = {
  // Called for each frame.
  process(input, out) {
    const { size } = input.info();
    // As video comes: first the brightness of each pixel, then the colours, at half the width and height.
    const pixels = input.pixels('i420');
    const share = solarize(pixels.subarray(0, size.width * size.height), threshold);
    out.pixels(size, 'i420', pixels);
    putInteger(out, 'share', share);
  },
};
