// What is drawn: nothing here knows of Framebox.

export const size = { width: 320, height: 180 };

/** From 0 up to 254 and down again, in 256 steps. */
const wave = (position: number): number => 255 - Math.abs(2 * (position & 255) - 255);

/** Red, green and blue of the 256 colours of the rainbow, over and over: a row, wherever in the rainbow it begins. */
const rainbow = Uint8Array.from({ length: 3 * (size.width + 256) }, (_, i) => wave(Math.floor(i / 3) + 85 * (i % 3)));

/** Diagonal bands that have moved so many pixels. Whole rows are copied, which is much faster than a loop over pixels. */
export function draw(moved: number): Uint8Array {
  const row = 3 * size.width;
  const pixels = new Uint8Array(row * size.height);
  for (let y = 0; y < size.height; y++) {
    const start = 3 * ((y + moved) % 256);
    pixels.set(rainbow.subarray(start, start + row), y * row);
  }
  return pixels;
}
