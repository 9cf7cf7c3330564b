/** Small drawings of one line each. They say nothing to a screen reader: a text always stands beside them. */

import { svg } from './dom.js';

const LINES = {
  home: 'M4 11 12 4l8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z',
  library: 'M5 5h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM4 16l4.5-4.5L13 16l3-3 4 4M15.5 9h.01',
  devices: 'M4 5h11a1 1 0 0 1 1 1v2M4 5a1 1 0 0 0-1 1v7a1 1 0 0 0 1 1h8M6 18h6M16 10h4a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1z',
  account: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20a7.5 7.5 0 0 1 15 0',
  check: 'M5 12.5 10 17.5 19 7',
  cloud: 'M7 18a4 4 0 0 1-.6-7.95 6 6 0 0 1 11.5 1.1A3.5 3.5 0 0 1 17.5 18zM12 10.5v5m-2-2 2 2 2-2',
  plus: 'M12 5v14M5 12h14',
  warning: 'M12 4 21 19.5H3zM12 10v4.5M12 17h.01',
  pc: 'M4 5h16v11H4zM9 20h6M12 16v4',
  phone: 'M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM11 18h2',
  chart: 'M5 20V11M12 20V5M19 20v-6',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2',
  gear: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  leave: 'M14 4h5v16h-5M15 12H4m3.5-3.5L4 12l3.5 3.5',
  next: 'M9 6l6 6-6 6',
  back: 'M15 6l-6 6 6 6',
};

/** @param {keyof LINES} name */
export function icon(name, side = 24) {
  const line = { d: LINES[name], fill: 'none', stroke: 'currentColor', 'stroke-width': 1.8, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' };
  return svg('svg', { viewBox: '0 0 24 24', width: side, height: side, class: 'icon', 'aria-hidden': 'true', focusable: 'false' }, svg('path', line));
}
