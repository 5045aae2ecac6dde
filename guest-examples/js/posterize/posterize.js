/**
 * Posterize: fewer levels of each colour, and the mean brightness of the input.
 *
 * The engine is an interpreter: the number of iterations matters, so each looks up two bytes.
 */
import { descriptor, integer, output, putInteger, values } from '../framebox.js';

/** The new value of each pair of bytes. */
const table = new Uint16Array(65536);

function fill(levels) {
  // 255 maps to 255, so alpha needs no special case.
  const drawn = Array.from({ length: 256 }, (_, c) => Math.floor((Math.floor((c * levels) / 256) * 255) / (levels - 1)));
  for (let high = 0, i = 0; high < 256; high++) {
    for (let low = 0; low < 256; low++) table[i++] = drawn[high] * 256 + drawn[low];
  }
}

/** Local names are faster than those of the module. */
function draw(pixels, table) {
  for (let i = pixels.length; i--; ) {
    const pixel = pixels[i];
    pixels[i] = table[pixel & 65535] | (table[pixel >>> 16] << 16);
  }
}

/** Samples every 8th pixel of every 8th row. */
function meanBrightness(rgba, { width, height }) {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < height; y += 8) {
    const end = (y + 1) * width * 4;
    for (let i = y * width * 4; i < end; i += 32, count++) {
      sum += (77 * rgba[i] + 150 * rgba[i + 1] + 29 * rgba[i + 2]) >> 8;
    }
  }
  return Math.floor(sum / count);
}

function configure(settings) {
  const { levels } = values(settings);
  if (levels !== undefined) fill(Number(levels));
}

export const lifecycle = {
  describe: () =>
    descriptor({
      title: 'Posterize',
      summary: 'Fewer levels of each colour',
      parameters: [integer('levels', 'Levels', { min: 2, max: 16, default: 4 })],
      outputs: [output('mean-brightness', 'Mean brightness')],
    }),
  init: configure,
  configure,
  close() {},
};

export const transform = {
  process(input, out) {
    const { size } = input.info();
    const pixels = input.pixels('rgba8');
    const mean = meanBrightness(pixels, size);
    draw(new Int32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4), table);
    out.pixels(size, 'rgba8', pixels);
    putInteger(out, 'mean-brightness', mean);
  },
};
