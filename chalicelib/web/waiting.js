/** Files that are not at home yet, each with its reason; asked for only when somebody wants to see them. */

import { el, show } from './dom.js';
import { explain } from './explain.js';
import { why } from './standing.js';
import { TEXTS, ago, size } from './texts.js';

const MOST = 50;

/**
 * @param {'uploaded'|'pending'|'lost'} status
 * @param {string} title
 * @param {() => void} [changed] given where a file may be called off
 */
export function waitingList(api, me, status, title, changed) {
  const list = el('ul', { class: 'rows entries' });
  const made = el('details', { 'data-status': status }, el('summary', {}, title), list);
  made.addEventListener('toggle', async () => {
    if (!made.open || list.childElementCount) return;
    try {
      show(list, ...(await find(api, status)).map((file) => row(api, me, file, changed)));
    } catch (error) {
      made.open = false;
      made.after(el('p', { role: 'alert', class: 'alert' }, explain(error)));
    }
  });
  return made;
}

/** A page of the API may be empty and still not be the last. */
async function find(api, status) {
  const found = [];
  let next;
  do {
    const asked = new URLSearchParams({ status, order: 'arrival', limit: 500, ...(next && { next }) });
    const told = await api.get(`files?${asked}`);
    found.push(...told.files);
    next = told.next;
  } while (next && found.length < MOST);
  return found.slice(0, MOST);
}

function row(api, me, file, changed) {
  const made = el('li', {}, el('span', { class: 'file-name' }, file.name),
    el('span', { class: 'state' }, [file.size !== undefined && size(file.size), said(why(file, me, Date.now()))].filter(Boolean).join(' · ')));
  if (changed) made.append(callOff(api, file, made, changed));
  return made;
}

function callOff(api, file, row, changed) {
  const button = el('button', { type: 'button', class: 'quiet', 'aria-label': `${TEXTS.callOff}: ${file.name}` }, TEXTS.callOff);
  button.addEventListener('click', async () => {
    button.disabled = true;
    await api.delete(`uploads/${file.fileId}`).then(() => row.remove(), (error) => button.replaceWith(el('span', { role: 'alert', class: 'alert' }, explain(error))));
    changed();
  });
  return button;
}

function said({ what, name, since, room }) {
  const text = TEXTS.why[what];
  if (typeof text === 'string') return text;
  if (what === 'begun') return text(ago(since));
  return text(name, since ? ago(since) : room !== undefined && size(room));
}
