/** Numbers for people. */

/** What stands where nothing is known. */
export const UNKNOWN = '–';

const known = (value) => typeof value === 'number' && Number.isFinite(value);

/** A count, in full up to 99 999. */
export function count(value) {
  if (!known(value)) return UNKNOWN;
  if (value < 100_000) return String(Math.round(value));
  return short(value);
}

/** With a suffix for the order of magnitude: 1.53 M. */
export function short(value) {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  for (const [unit, suffix] of [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ]) {
    if (size >= unit) return `${significant(value / unit, 3)}${suffix}`;
  }
  return significant(value, 3);
}

/** At most so many significant digits, without trailing zeros and without an exponent where it can be helped. */
export function significant(value, digits = 5) {
  if (!known(value)) return typeof value === 'number' ? String(value) : UNKNOWN;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(digits)));
}

/** With digits that stay in place while the value changes a little. */
export function steady(value) {
  if (!known(value) || Number.isInteger(value)) return significant(value);
  const size = Math.abs(value);
  if (size >= 1e4) return value.toFixed(0);
  return size >= 1 ? value.toFixed(3 - Math.floor(Math.log10(size))) : significant(value, 3);
}

/** Reasons with their counts, those that occurred. */
export function reasons(counts) {
  return Object.entries(counts ?? {})
    .filter(([, times]) => times > 0)
    .map(([reason, times]) => `${reason} ${count(times)}`)
    .join(' · ');
}

/** A rate, one digit after the point. */
export const rate = (value) => (known(value) ? value.toFixed(1) : UNKNOWN);

/** Milliseconds, coarser as they grow. */
export function milliseconds(value) {
  if (!known(value)) return UNKNOWN;
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

/** Bits a second. */
export const bitrate = (value) => (known(value) ? `${short(value)}b/s` : UNKNOWN);

/** Bytes. */
export function bytes(value) {
  if (!known(value)) return UNKNOWN;
  if (value < 1024) return `${value} bytes`;
  return value < 2 ** 20 ? `${significant(value / 1024, 3)} KiB` : `${significant(value / 2 ** 20, 3)} MiB`;
}

/** A duration, h:mm:ss. */
export function duration(value) {
  if (!known(value)) return UNKNOWN;
  const seconds = Math.floor(value / 1000);
  const two = (part) => String(part).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
