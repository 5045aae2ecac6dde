// Inverts the brightness of pixels above a threshold, and reports their share of the picture.
import { solarize } from './effect.js';
import { descriptor, integer, output, putInteger, values } from './framebox.js';

let threshold = 128;

// Called with every parameter when a session starts, and with those that change.
function configure(settings) {
  threshold = Number(values(settings).threshold ?? threshold);
}

export const lifecycle = {
  // Describes the handler to the page: a slider and a gauge.
  describe: () =>
    descriptor({
      title: '{{name}}',
      summary: 'Inverts bright pixels',
      parameters: [integer('threshold', 'Threshold', { min: 16, max: 235, default: 128 })],
      outputs: [output('share', 'Inverted', 'gauge', '%')],
    }),
  init: configure,
  configure,
  close() {},
};

export const transform = {
  // Called for each frame.
  process(input, out) {
    const { size } = input.info();
    // The native format of video: the brightness of each pixel, then the colours at half the width and height.
    const pixels = input.pixels('i420');
    const share = solarize(pixels.subarray(0, size.width * size.height), threshold);
    out.pixels(size, 'i420', pixels);
    putInteger(out, 'share', share);
  },
};
