/** One picture of a timeline: its place at once, the picture itself once there is a link to it. */

import { el } from './dom.js';
import { glyph } from './glyphs.js';
import { TEXTS, daysLeft, size, wallClock } from './texts.js';

const { look } = TEXTS;
const MARKS = { pending: 'waiting', uploaded: 'cloud', downloaded: 'home' };
const TRIES = 2;

/** What kind of thing a file is, as far as a person cares. */
export function kindOf({ type }) {
  const [kind] = type.split('/');
  return ['image', 'video', 'audio'].includes(kind) ? kind : 'other';
}

/** What a person hears of a file in one breath. */
export function labelOf(file) {
  const state = file.trashedAt ? look.daysLeft(daysLeft(file.trashedAt)) : look.state[file.status];
  return [file.name, look.kinds[kindOf(file)], wallClock(file.capturedAt), state, file.favourite && look.favourite].filter(Boolean).join(', ');
}

export function tile(file, at, column, links) {
  const kind = kindOf(file);
  const seen = file.previews.includes('256');
  const cell = el('div', {
    role: 'gridcell', class: `tile ${file.status}`, tabindex: -1, 'aria-colindex': column + 1, 'aria-selected': 'false',
    'aria-label': labelOf(file), 'data-at': at, 'data-id': file.fileId,
  },
  !seen && el('span', { class: 'unpictured' }, glyph(kind === 'video' ? 'play' : kind === 'image' ? 'photos' : 'file'), el('span', { class: 'tile-name' }, file.name)),
  seen && kind === 'video' && el('span', { class: 'badge play' }, glyph('play')),
  file.favourite && el('span', { class: 'badge heart' }, glyph('heart')),
  file.trashedAt ? el('span', { class: 'badge left' }, look.days(daysLeft(file.trashedAt))) : MARKS[file.status] && el('span', { class: 'badge mark' }, glyph(MARKS[file.status])),
  el('span', { class: 'pick', 'aria-hidden': 'true', title: size(file.size ?? 0) }, glyph('check')));
  if (seen) cell.show = picturing(cell, file.fileId, links);
  cell.show?.();
  return cell;
}

/** Put the picture in as soon as its link is known; one that leads nowhere any more is asked for anew. */
function picturing(cell, fileId, links) {
  let image = null;
  let tries = 0;
  return () => {
    const src = links.find(fileId);
    if (image || !src || tries > TRIES) return;
    tries += 1;
    image = el('img', { alt: '', decoding: 'async', draggable: 'false' });
    image.addEventListener('load', () => image.classList.add('shown'));
    image.addEventListener('error', () => {
      image.remove();
      image = null;
      links.forget(fileId);
    });
    image.src = src;
    cell.prepend(image);
  };
}
