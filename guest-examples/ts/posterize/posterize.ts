/**
 * Posterize: fewer levels of each colour, and the mean brightness of the input.
 *
 * The engine is an interpreter: the number of iterations matters, so each looks up two bytes.
 */
import type { Frame, Output } from 'framebox:video/media@0.1.0';
import type { Descriptor, NamedValue, Size } from 'framebox:video/types@0.1.0';
import { descriptor, integer, output, putInteger, values } from '../../js/framebox.js';

/** The new value of each pair of bytes. */
const table = new Uint16Array(65536);

function fill(levels: number): void {
  // 255 maps to 255, so alpha needs no special case.
  const drawn = Uint8Array.from({ length: 256 }, (_, c) => Math.floor((c * levels) / 256) * 255 / (levels - 1));
  table.forEach((_, pair) => (table[pair] = drawn[pair >> 8]! * 256 + drawn[pair & 255]!));
}

/** Local names are faster than those of the module. */
function draw(pixels: Int32Array, table: Uint16Array): void {
  for (let i = pixels.length; i--; ) {
    const pixel = pixels[i]!;
    pixels[i] = table[pixel & 65535]! | (table[pixel >>> 16]! << 16);
  }
}

/** Samples every 8th pixel of every 8th row. */
function meanBrightness(rgba: Uint8Array, { width, height }: Size): number {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < height; y += 8) {
    const end = (y + 1) * width * 4;
    for (let i = y * width * 4; i < end; i += 32, count++) {
      sum += (77 * rgba[i]! + 150 * rgba[i + 1]! + 29 * rgba[i + 2]!) >> 8;
    }
  }
  return Math.floor(sum / count);
}

function configure(settings: NamedValue[]): void {
  const { levels } = values<{ levels: number }>(settings);
  if (levels !== undefined) fill(Number(levels));
}

export const lifecycle = {
  describe: (): Descriptor =>
    descriptor({
      title: 'Posterize',
      summary: 'Fewer levels of each colour',
      parameters: [integer('levels', 'Levels', { min: 2, max: 16, default: 4 })],
      outputs: [output('mean-brightness', 'Mean brightness')],
    }),
  init: configure,
  configure,
  close(): void {},
};

export const transform = {
  process(input: Frame, out: Output): void {
    const { size } = input.info();
    const pixels = input.pixels('rgba8');
    const mean = meanBrightness(pixels, size);
    draw(new Int32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4), table);
    out.pixels(size, 'rgba8', pixels);
    putInteger(out, 'mean-brightness', mean);
  },
};
