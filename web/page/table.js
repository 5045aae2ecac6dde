/** A table from any of the usual shapes: a list of objects, a list of lists, `{columns, rows}`, or one object. */

import { h, setText } from './elements.js';
import { significant } from './format.js';
import { cut, plain } from './value.js';

const MAX_ROWS = 100;
const MAX_COLUMNS = 20;
/** Longest text of a cell, and longest name of a column, characters. */
const MAX_CELL = 200;
const MAX_NAME = 60;

/** @typedef {{columns: string[], rows: unknown[][], note?: string}} Shape `note`: what was cut off. */

/**
 * @param {HTMLTableElement} table
 * @param {unknown} value
 */
export function fillTable(table, value) {
  const { columns, rows, note } = bounded(shapeOf(value));
  const width = Math.max(columns.length, ...rows.map((row) => row.length), 0);
  const key = JSON.stringify([columns, rows.length, width, note]);
  if (table.dataset.shape !== key) {
    table.dataset.shape = key;
    const caption = note ? [h('caption', {}, note)] : [];
    const head = columns.length
      ? [h('thead', {}, h('tr', {}, ...columns.map((name) => h('th', { scope: 'col' }, name))))]
      : [];
    const body = h('tbody', {}, ...rows.map(() => h('tr', {}, ...Array.from({ length: width }, () => h('td')))));
    table.replaceChildren(...caption, ...head, body);
  }
  rows.forEach((row, y) => {
    const { cells } = table.tBodies[0].rows[y];
    for (let x = 0; x < width; x += 1) {
      setText(cells[x], cellText(row[x]));
      cells[x].toggleAttribute('data-number', typeof row[x] === 'number');
    }
  });
}

/** @param {Shape} shape @returns {Required<Shape>} */
function bounded({ columns, rows, note = '' }) {
  return {
    columns: columns.slice(0, MAX_COLUMNS).map((name) => cut(String(name), MAX_NAME)),
    rows: rows.slice(0, MAX_ROWS).map((row) => row.slice(0, MAX_COLUMNS)),
    note: rows.length > MAX_ROWS ? cutOff(rows.length) : note,
  };
}

/** @param {number} rows */
const cutOff = (rows) => `The first ${MAX_ROWS} of ${rows} rows`;

/** @param {unknown} value @returns {Shape} */
function shapeOf(value) {
  if (Array.isArray(value)) return shapeOfRows(value);
  if (!isObject(value)) return { columns: [], rows: value === null || value === undefined ? [] : [[value]] };
  if (!Array.isArray(value.rows)) return { columns: [], rows: Object.entries(value) };
  const inner = shapeOfRows(value.rows);
  if (!Array.isArray(value.columns)) return inner;
  return { ...inner, columns: value.columns.slice(0, MAX_COLUMNS).map((name) => plain(name, MAX_NAME)) };
}

/** @param {unknown[]} all @returns {Shape} */
function shapeOfRows(all) {
  const rows = all.slice(0, MAX_ROWS);
  const note = all.length > rows.length ? cutOff(all.length) : '';
  if (!rows.length || !rows.every(isObject))
    return { columns: [], rows: rows.map((row) => (Array.isArray(row) ? row : [row])), note };
  const names = new Set(rows.flatMap((row) => Object.keys(row).slice(0, MAX_COLUMNS)));
  const columns = [...names].slice(0, MAX_COLUMNS);
  /** @param {Record<string, unknown>} row @param {string} column */
  const own = (row, column) => (Object.hasOwn(row, column) ? row[column] : undefined);
  return { columns, rows: rows.map((row) => columns.map((column) => own(row, column))), note };
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** @param {unknown} value */
function cellText(value) {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' ? significant(value) : plain(value, MAX_CELL);
}
