/** A table from any of the usual shapes: a list of objects, a list of lists, `{columns, rows}`, or one object. */

import { h, setText } from './elements.js';
import { significant } from './format.js';

const MOST_ROWS = 100;
const MOST_COLUMNS = 20;

/** @param {HTMLTableElement} table */
export function fillTable(table, value) {
  const { columns, rows } = shape(value);
  const shown = rows.slice(0, MOST_ROWS).map((row) => row.slice(0, MOST_COLUMNS));
  const width = Math.max(columns.length, ...shown.map((row) => row.length), 0);
  const key = `${columns.join('\u0000')}|${shown.length}|${width}`;
  if (table.dataset.shape !== key) {
    table.dataset.shape = key;
    const head = columns.length
      ? h('thead', {}, h('tr', {}, ...columns.slice(0, MOST_COLUMNS).map((name) => h('th', { scope: 'col' }, name))))
      : null;
    const body = h('tbody', {}, ...shown.map(() => h('tr', {}, ...Array.from({ length: width }, () => h('td')))));
    const more = rows.length > shown.length ? h('caption', {}, `The first ${MOST_ROWS} rows`) : null;
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

function shape(value) {
  if (Array.isArray(value?.rows))
    return { ...shape(value.rows), ...(Array.isArray(value.columns) ? { columns: value.columns.map(String) } : {}) };
  if (Array.isArray(value)) {
    const objects = value.filter((row) => row && typeof row === 'object' && !Array.isArray(row));
    if (objects.length && objects.length === value.length) {
      const columns = [...new Set(objects.flatMap(Object.keys))];
      return { columns, rows: objects.map((row) => columns.map((column) => row[column])) };
    }
    return { columns: [], rows: value.map((row) => (Array.isArray(row) ? row : [row])) };
  }
  if (value && typeof value === 'object') return { columns: [], rows: Object.entries(value) };
  return { columns: [], rows: value === null || value === undefined ? [] : [[value]] };
}

function cell(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return significant(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
