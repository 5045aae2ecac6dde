// Draws pixels. Independent of Framebox, so that it can be tested alone.

export const size = { width: 320, height: 180 };

/** A triangle wave with a period of 256: from 0 up to 254 and down again. */
const wave = (position: number): number => 255 - Math.abs(2 * (position & 255) - 255);

/** Red, green and blue of 256 rainbow colours, repeated, so that a row can start at any of them. */
const rainbow = Uint8Array.from({ length: 3 * (size.width + 256) }, (_, i) => wave(Math.floor(i / 3) + 85 * (i % 3)));

/** Draws diagonal bands, moved by a number of pixels. Copies whole rows, which is much faster than a loop over pixels. */
export function draw(moved: number): Uint8Array {
  const row = 3 * size.width;
  const pixels = new Uint8Array(row * size.height);
  for (let y = 0; y < size.height; y++) {
    const start = 3 * ((y + moved) % 256);
    pixels.set(rainbow.subarray(start, start + row), y * row);
  }
  return pixels;
}
