// Changes pixels. Independent of Framebox, so that it can be tested alone.

/**
 * Inverts the pixels that are at least as bright as the threshold; returns their share of the picture, %.
 *
 * `luma` is the brightness of each pixel. In video, black is 16 and white is 235.
 */
export function solarize(luma, threshold) {
  let mirrored = 0;
  for (let i = 0, n = luma.length; i < n; i++) {
    const y = luma[i];
    if (y >= threshold) {
      luma[i] = y < 251 ? 251 - y : 0;
      mirrored++;
    }
  }
  return Math.floor((100 * mirrored) / luma.length);
}
