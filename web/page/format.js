/** Formats numbers for people. */

/** Stands for what is not known. */
export const UNKNOWN = '–';

/**
 * @param {unknown} value
 * @returns {value is number}
 */
const isKnown = (value) => typeof value === 'number' && Number.isFinite(value);

/** @typedef {number|null|undefined} MaybeNumber */

/** A count, in full up to 99 999. @param {MaybeNumber} value */
export function count(value) {
  if (!isKnown(value)) return UNKNOWN;
  if (value < 100_000) return String(Math.round(value));
  return short(value);
}

/** @type {[number, string][]} */
const MAGNITUDES = [
  [1e9, ' G'],
  [1e6, ' M'],
  [1e3, ' k'],
];

/** With a suffix for the order of magnitude: 1.53 M. @param {MaybeNumber} value */
export function short(value) {
  if (!isKnown(value)) return UNKNOWN;
  const [unit, suffix] = MAGNITUDES.find(([least]) => Math.abs(value) >= least) ?? [1, ''];
  return `${significant(value / unit, 3)}${suffix}`;
}

/**
 * At most that many significant digits, without trailing zeros and where possible without an exponent.
 * @param {unknown} value
 * @param {number} [digits]
 */
export function significant(value, digits = 5) {
  if (!isKnown(value)) return typeof value === 'number' ? String(value) : UNKNOWN;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(digits)));
}

/** With digits that stay in place while the value changes a little. @param {unknown} value */
export function steady(value) {
  if (!isKnown(value) || Number.isInteger(value)) return significant(value);
  const size = Math.abs(value);
  if (size >= 1e4) return value.toFixed(0);
  return size >= 1 ? value.toFixed(3 - Math.floor(Math.log10(size))) : significant(value, 3);
}

/** Counts by reason, without those that are zero. @param {Record<string, number>} [counts] */
export function reasons(counts = {}) {
  return Object.entries(counts)
    .filter(([, times]) => times > 0)
    .map(([reason, times]) => `${reason} ${count(times)}`)
    .join(' · ');
}

/** A rate with one decimal. @param {MaybeNumber} value */
export const rate = (value) => (isKnown(value) ? value.toFixed(1) : UNKNOWN);

/** Milliseconds, with a decimal below ten. @param {MaybeNumber} value */
export function milliseconds(value) {
  if (!isKnown(value)) return UNKNOWN;
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

/** Bits a second. @param {MaybeNumber} value */
export const bitrate = (value) => (isKnown(value) ? `${short(value)}b/s` : UNKNOWN);

/** Bytes. @param {MaybeNumber} value */
export function bytes(value) {
  if (!isKnown(value)) return UNKNOWN;
  if (value < 1024) return `${value} bytes`;
  return value < 2 ** 20 ? `${significant(value / 1024, 3)} KiB` : `${significant(value / 2 ** 20, 3)} MiB`;
}

/** Milliseconds as h:mm:ss. @param {MaybeNumber} value */
export function duration(value) {
  if (!isKnown(value)) return UNKNOWN;
  const seconds = Math.floor(value / 1000);
  /** @param {number} part */
  const two = (part) => String(part).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
