/** The library's small drawings: no other room needs them. */

import { svg } from './dom.js';

const STROKES = {
  photos: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01',
  albums: 'M4 8h16v12H4zM6 5h12M8 2.5h8',
  heart: 'M12 20s-7.5-4.6-7.5-10.2A4.3 4.3 0 0 1 12 7a4.3 4.3 0 0 1 7.5 2.8C19.5 15.4 12 20 12 20z',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.5 4.5',
  trash: 'M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5',
  close: 'M6 6l12 12M18 6L6 18',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5M12 8h.01',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  restore: 'M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5',
  add: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  pen: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  home: 'M4 11l8-7 8 7M6 9.5V20h12V9.5M10 20v-6h4v6',
  cloud: 'M7 18a4 4 0 0 1-.5-7.97A6 6 0 0 1 18 9.5 4.3 4.3 0 0 1 17.5 18z',
  waiting: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5V12l3 2',
  play: 'M8 5.5v13l11-6.5z',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
};
const FULL = new Set(['play']);

/** @param {keyof STROKES} name */
export function glyph(name, side = 24) {
  const line = { d: STROKES[name], fill: FULL.has(name) ? 'currentColor' : 'none', stroke: 'currentColor', 'stroke-width': 1.8, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' };
  return svg('svg', { viewBox: '0 0 24 24', width: side, height: side, class: 'icon', 'aria-hidden': 'true', focusable: 'false' }, svg('path', line));
}
