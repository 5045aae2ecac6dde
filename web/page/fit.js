/** Which values a handler's parameters take: the same rules as the server's, to say early what it would refuse. */

import { significant } from './format.js';

/**
 * What is wrong with a value; empty when the parameter takes it.
 * @param {object} parameter Of the handler's description.
 * @param {unknown} value
 * @returns {string}
 */
export function wrong(parameter, value) {
  return (CHECKS[parameter.kind] ?? (() => 'This kind of setting is not known'))(value, parameter);
}

/**
 * Parts values into those that fit and those that do not.
 * @param {object[]} parameters Of the handler's description.
 * @param {Object<string, unknown>} values By id.
 * @returns {{fitting: Map<string, unknown>, misfits: Map<string, string>}} Of those that do not fit: why.
 */
export function fit(parameters, values) {
  const known = new Map(parameters.map((parameter) => [parameter.id, parameter]));
  const fitting = new Map();
  const misfits = new Map();
  for (const [id, value] of Object.entries(values)) {
    const parameter = known.get(id);
    const problem = parameter ? wrong(parameter, value) : 'the handler has no such setting';
    if (problem) misfits.set(id, problem);
    else fitting.set(id, value);
  }
  return { fitting, misfits };
}

const CHECKS = {
  number: (value, { min, max, step, default: first }) =>
    isNumber(value) && value >= min && value <= max && (isStep(value - min, step) || value === first)
      ? ''
      : `A number from ${significant(min)} to ${significant(max)} in steps of ${significant(step)}`,
  integer: (value, { min, max, step, default: first }) =>
    Number.isInteger(value) && value >= min && value <= max && (isStep(value - min, step) || value === first)
      ? ''
      : `A whole number from ${significant(min)} to ${significant(max)}` +
        (step > 1 ? ` in steps of ${significant(step)}` : ''),
  toggle: (value) => (typeof value === 'boolean' ? '' : 'On or off'),
  choice: (value, { options }) =>
    options.some(({ id }) => id === value) ? '' : `One of ${options.map(({ label }) => label).join(', ')}`,
  text: (value, { max_chars: most }) =>
    typeof value === 'string' && [...value].length <= most ? '' : `A text of at most ${most} characters`,
  color: (value) => (typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value) ? '' : 'A colour as #rrggbb'),
  button: () => 'A button keeps no value',
};

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

/** Whether a distance is a whole number of steps, but for what decimal fractions lose as binary ones. */
function isStep(distance, step) {
  if (!(step > 0)) return true;
  const steps = distance / step;
  return Math.abs(steps - Math.round(steps)) <= 1e-6 * Math.max(Math.abs(steps), 1);
}
