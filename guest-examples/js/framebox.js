/** A thin library over the interface: parameters with defaults, descriptors, plain values. */

/** A slider for integers. */
export const integer = (id, label, { min, max, step = 1, default: start, unit, help }) =>
  parameter(id, label, help, { tag: 'integer', val: { min, max, step, default: start, unit } });

/** A slider for real numbers. */
export const number = (id, label, { min, max, step, default: start, unit, help }) =>
  parameter(id, label, help, { tag: 'number', val: { min, max, step, default: start, unit } });

export const toggle = (id, label, start = false) => parameter(id, label, undefined, { tag: 'toggle', val: start });

/** A selection of one of several options, an object of ids and labels; the first is the default. */
export const choice = (id, label, options) => {
  const all = Object.entries(options).map(([id, label]) => ({ id, label }));
  return parameter(id, label, undefined, { tag: 'choice', val: { options: all, default: all[0].id } });
};

/** A colour, `#rrggbb`. */
export const color = (id, label, start) => parameter(id, label, undefined, { tag: 'color', val: start });

const parameter = (id, label, help, kind) => ({ id, label, help, group: undefined, kind });

/** An additional output: number, gauge, text, json, image, table or plot. */
export const output = (id, label, kind = 'number', unit = undefined) => ({ id, label, kind, unit });

/** The descriptor of a handler. */
export const descriptor = ({ title, summary, parameters = [], outputs = [], size, fps }) =>
  ({ title, summary, parameters, outputs, size, fps });

/** The arguments of `init` and `configure` as an object. */
export const values = (settings) => Object.fromEntries(settings.map(({ id, value }) => [id, value.val]));

/** Sets an output to a boolean, a number, a string or a list of numbers. */
export const put = (out, id, value) => out.put(id, { tag: tag(value), val: value });

/** Sets an output to an integer. */
export const putInteger = (out, id, value) => out.put(id, { tag: 'integer', val: value });

const tag = (value) => {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return 'number';
  return typeof value === 'string' ? 'text' : 'numbers';
};

/** Red, green and blue of `#rrggbb`. */
export const rgb = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
