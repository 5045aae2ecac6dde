/** Validates values of parameters by the server's rules, to report early what it would refuse. */

/** @import { NumberParameter, Parameter, Values } from '../client/types.js' */

import { significant } from './format.js';

/**
 * Returns what is wrong with a value; empty when it is valid.
 * @param {Parameter} parameter
 * @param {unknown} value
 * @returns {string}
 */
export function validate(parameter, value) {
  switch (parameter.kind) {
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) && isAllowed(parameter, value)
        ? ''
        : `A number ${rangeOf(parameter)}${stepsOf(parameter)}`;
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value) && isAllowed(parameter, value)
        ? ''
        : `A whole number ${rangeOf(parameter)}${parameter.step > 1 ? stepsOf(parameter) : ''}`;
    case 'toggle':
      return typeof value === 'boolean' ? '' : 'On or off';
    case 'choice':
      return parameter.options.some(({ id }) => id === value)
        ? ''
        : `One of ${parameter.options.map(({ label }) => label).join(', ')}`;
    case 'text':
      return typeof value === 'string' && [...value].length <= parameter.max_chars
        ? ''
        : `A text of at most ${parameter.max_chars} characters`;
    case 'color':
      return typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value) ? '' : 'A colour as #rrggbb';
    case 'button':
      return 'A button has no value';
    default:
      return 'This page does not know this kind of setting';
  }
}

/**
 * Separates valid values from invalid ones.
 * @param {Parameter[]} parameters
 * @param {Values} values
 * @returns {{valid: Map<string, unknown>, invalid: Map<string, string>}} Values by id; reasons by id.
 */
export function partition(parameters, values) {
  const known = new Map(parameters.map((parameter) => [parameter.id, parameter]));
  const valid = new Map();
  const invalid = new Map();
  for (const [id, value] of Object.entries(values)) {
    const parameter = known.get(id);
    const reason = parameter ? validate(parameter, value) : 'the handler has no such setting';
    if (reason) invalid.set(id, reason);
    else valid.set(id, value);
  }
  return { valid, invalid };
}

/** @param {NumberParameter} parameter */
const rangeOf = ({ min, max }) => `from ${significant(min)} to ${significant(max)}`;

/** @param {NumberParameter} parameter */
const stepsOf = ({ step }) => ` in steps of ${significant(step)}`;

/** @param {NumberParameter} parameter @param {number} value */
function isAllowed({ min, max, step, default: standard }, value) {
  return value >= min && value <= max && (isStep(value - min, step) || value === standard);
}

/**
 * Whether a distance is a whole number of steps, apart from rounding.
 * @param {number} distance
 * @param {number} step
 */
function isStep(distance, step) {
  if (!(step > 0)) return true;
  const steps = distance / step;
  return Math.abs(steps - Math.round(steps)) <= 1e-6 * Math.max(Math.abs(steps), 1);
}
