/** A table from any of the usual shapes: a list of objects, a list of lists, `{columns, rows}`, or one object. */

import { h, setText } from './elements.js';
import { significant } from './format.js';
import { cut, plain } from './value.js';

const MOST_ROWS = 100;
const MOST_COLUMNS = 20;
/** Characters of a cell, and of a column's name. */
const MOST_CELL = 200;
const MOST_NAME = 60;

/** @param {HTMLTableElement} table */
export function fillTable(table, value) {
  const { columns, rows: shown, more: cutOff } = bounded(shape(value));
  const width = Math.max(columns.length, ...shown.map((row) => row.length), 0);
  const key = JSON.stringify([columns, shown.length, width, cutOff]);
  if (table.dataset.shape !== key) {
    table.dataset.shape = key;
    const head = columns.length
      ? h('thead', {}, h('tr', {}, ...columns.map((name) => h('th', { scope: 'col' }, name))))
      : null;
    const body = h('tbody', {}, ...shown.map(() => h('tr', {}, ...Array.from({ length: width }, () => h('td')))));
    const more = cutOff ? h('caption', {}, cutOff) : null;
    table.replaceChildren(...[more, head, body].filter(Boolean));
  }
  shown.forEach((row, y) => {
    const cells = table.tBodies[0].rows[y].cells;
    for (let x = 0; x < width; x += 1) {
      setText(cells[x], cell(row[x]));
      cells[x].toggleAttribute('data-number', typeof row[x] === 'number');
    }
  });
}

function bounded({ columns, rows, more = '' }) {
  const cells = rows.slice(0, MOST_ROWS).map((row) => row.slice(0, MOST_COLUMNS));
  const names = columns.slice(0, MOST_COLUMNS).map((name) => cut(String(name), MOST_NAME));
  const tooLong = rows.length > MOST_ROWS ? `The first ${MOST_ROWS} rows of ${rows.length}` : more;
  return { columns: names, rows: cells, more: tooLong };
}

function shape(value) {
  if (Array.isArray(value?.rows)) {
    const inner = shape(value.rows);
    return Array.isArray(value.columns) ? { ...inner, columns: value.columns.slice(0, MOST_COLUMNS).map(text) } : inner;
  }
  if (Array.isArray(value)) {
    const rows = value.slice(0, MOST_ROWS);
    const more = value.length > rows.length ? `The first ${MOST_ROWS} rows of ${value.length}` : '';
    if (rows.length && rows.every((row) => row && typeof row === 'object' && !Array.isArray(row))) {
      const columns = [...new Set(rows.flatMap((row) => Object.keys(row).slice(0, MOST_COLUMNS)))];
      const shown = columns.slice(0, MOST_COLUMNS);
      return { columns: shown, rows: rows.map((row) => shown.map((column) => own(row, column))), more };
    }
    return { columns: [], rows: rows.map((row) => (Array.isArray(row) ? row : [row])), more };
  }
  if (value && typeof value === 'object') return { columns: [], rows: Object.entries(value) };
  return { columns: [], rows: value === null || value === undefined ? [] : [[value]] };
}

const own = (row, column) => (Object.hasOwn(row, column) ? row[column] : undefined);

const text = (value) => plain(value, MOST_NAME);

function cell(value) {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' ? significant(value) : plain(value, MOST_CELL);
}
