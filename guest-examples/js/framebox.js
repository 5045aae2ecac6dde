/** What makes a handler in JavaScript or TypeScript shorter: parameters with defaults, descriptors, plain values. */

/** A slider over whole numbers. */
export const integer = (id, label, { min, max, step = 1, default: start, unit, help }) =>
  parameter(id, label, help, { tag: 'integer', val: { min, max, step, default: start, unit } });

/** A slider over real numbers. */
export const number = (id, label, { min, max, step, default: start, unit, help }) =>
  parameter(id, label, help, { tag: 'number', val: { min, max, step, default: start, unit } });

export const toggle = (id, label, start = false) => parameter(id, label, undefined, { tag: 'toggle', val: start });

/** One of several options, given as an object of ids and labels; the first one is the default. */
export const choice = (id, label, options) => {
  const all = Object.entries(options).map(([id, label]) => ({ id, label }));
  return parameter(id, label, undefined, { tag: 'choice', val: { options: all, default: all[0].id } });
};

/** A colour, `#rrggbb`. */
export const color = (id, label, start) => parameter(id, label, undefined, { tag: 'color', val: start });

const parameter = (id, label, help, kind) => ({ id, label, help, group: undefined, kind });

/** A value beside the picture: number, gauge, text, json, image, table or plot. */
export const output = (id, label, kind = 'number', unit = undefined) => ({ id, label, kind, unit });

/** What a handler says of itself. */
export const descriptor = ({ title, summary, parameters = [], outputs = [], size, fps }) =>
  ({ title, summary, parameters, outputs, size, fps });

/** Parameters, as `init` and `configure` get them, as an object. */
export const values = (settings) => Object.fromEntries(settings.map(({ id, value }) => [id, value.val]));

/** Puts a boolean, a number, a text or a list of numbers. */
export const put = (out, id, value) => out.put(id, { tag: tag(value), val: value });

/** The same for a whole number. */
export const putInteger = (out, id, value) => out.put(id, { tag: 'integer', val: value });

const tag = (value) => {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return 'number';
  return typeof value === 'string' ? 'text' : 'numbers';
};

/** Red, green and blue of `#rrggbb`. */
export const rgb = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
