/** Charts, drawn here out of rectangles; each comes with a table that says the same. */

import { el, svg } from './dom.js';
import { TEXTS } from './texts.js';

const WIDTH = 320;
const HEIGHT = 150;
const FOOT = 18;
const HEAD = 16;
const GAP = 6;

/**
 * Bars in pairs, one pair a column; a line says how much the tallest is.
 * @param {string} label
 * @param {(most: number) => string} scale
 * @param {{name: string, short: string, values: number[]}[]} columns
 */
export function bars(label, scale, columns) {
  const most = Math.max(1, ...columns.flatMap(({ values }) => values));
  const step = WIDTH / columns.length;
  const kinds = ['one', 'other'];
  const drawn = columns.flatMap(({ short, values }, at) => {
    const wide = Math.min(22, (step - GAP) / values.length);
    const from = at * step + (step - wide * values.length) / 2;
    const made = values.map((value, which) => {
      const tall = Math.max(value > 0 ? 2 : 0, ((HEIGHT - FOOT - HEAD) * value) / most);
      return svg('rect', { class: kinds[which], x: from + which * wide, y: HEIGHT - FOOT - tall, width: Math.max(1, wide - 2), height: tall, rx: Math.min(3, tall / 2) });
    });
    return [...made, svg('text', { x: at * step + step / 2, y: HEIGHT - 4, 'text-anchor': 'middle' }, short)];
  });
  return svg('svg', { class: 'chart', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label },
    svg('text', { x: 0, y: HEAD - 5 }, scale(most)),
    svg('line', { class: 'base', x1: 0, x2: WIDTH, y1: HEAD - 0.5, y2: HEAD - 0.5, 'stroke-dasharray': '2 4' }),
    svg('line', { class: 'base', x1: 0, x2: WIDTH, y1: HEIGHT - FOOT + 0.5, y2: HEIGHT - FOOT + 0.5 }), ...drawn);
}

const SHADES = ['one', 'other', 'third'];

/** Parts of one whole, side by side. @param {number[]} values */
export function shares(label, values) {
  const whole = Math.max(1, values.reduce((sum, value) => sum + value, 0));
  let at = 0;
  const drawn = values.map((value, which) => {
    const wide = (WIDTH * value) / whole;
    const part = svg('rect', { class: SHADES[which], x: at, y: 0, width: Math.max(0, wide - 1), height: 16, rx: Math.min(4, wide / 2) });
    at += wide;
    return part;
  });
  return svg('svg', { class: 'chart', viewBox: `0 0 ${WIDTH} 16`, role: 'img', 'aria-label': label }, ...drawn);
}

/** What the colours mean. @param {string[]} names */
export function legend(names) {
  const dot = (at) => svg('svg', { class: 'dot', viewBox: '0 0 10 10', width: 10, height: 10, 'aria-hidden': 'true' }, svg('circle', { class: SHADES[at], cx: 5, cy: 5, r: 5 }));
  return el('ul', { class: 'legend' }, ...names.map((name, at) => el('li', {}, dot(at), name)));
}

/** The same in words and numbers. @param {string[]} heads @param {string[][]} rows */
export function table(heads, rows) {
  const line = ([first, ...rest]) => el('tr', {}, el('th', { scope: 'row' }, first), ...rest.map((cell) => el('td', {}, cell)));
  return el('details', {}, el('summary', {}, TEXTS.asTable),
    el('div', { class: 'scroll' }, el('table', {},
      el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
      el('tbody', {}, ...rows.map(line)))));
}
