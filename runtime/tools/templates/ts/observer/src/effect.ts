// Measures pixels. Independent of Framebox, so that it can be tested alone.

/** The mean, 0 to 255. */
export function brightness(gray: Uint8Array): number {
  let sum = 0;
  for (const y of gray) sum += y;
  return Math.floor(sum / gray.length);
}
