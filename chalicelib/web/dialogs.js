/** Questions that must be answered before anything else. The browser's own dialog keeps the focus in, and gives it back. */

import { el, field, form } from './dom.js';
import { explain } from './explain.js';
import { TEXTS } from './texts.js';

let numbered = 0;

/** Ask yes or no. @returns {Promise<boolean>} */
export function ask({ title, text, yes, harm = false }) {
  return pose(title, (answer) => [
    el('p', {}, text),
    el('div', { class: 'actions' },
      el('button', { type: 'button', class: `main ${harm ? 'bad' : ''}`, onclick: () => answer(true) }, yes),
      el('button', { type: 'button', autofocus: true, onclick: () => answer(false) }, TEXTS.cancel)),
  ], false);
}

/** Ask for a name. What `act` refuses is told there, and may be tried again. @returns {Promise<any>} what `act` returned */
export function askForName({ title, label, value = '', yes, act }) {
  return pose(title, (answer) => [
    form({ explain, submit: yes, children: [field(label, { name: 'name', value, required: true, maxlength: 200, autocomplete: 'off' })],
      ask: async ({ name }) => answer(await act(name.trim())) }),
    el('button', { type: 'button', class: 'quiet', onclick: () => answer(null) }, TEXTS.cancel),
  ], null);
}

/** Let one of some be chosen. @returns {Promise<any>} its value */
export function choose({ title, options }) {
  return pose(title, (answer) => [
    el('ul', { class: 'rows options' }, ...options.map(({ label, value, icon }) => el('li', {},
      el('button', { type: 'button', class: 'quiet', onclick: () => answer(value) }, icon, el('span', {}, label))))),
    el('button', { type: 'button', class: 'quiet', onclick: () => answer(null) }, TEXTS.cancel),
  ], null);
}

function pose(title, fill, none) {
  const id = `dialog-${numbered += 1}`;
  const dialog = el('dialog', { class: 'ask', 'aria-labelledby': id });
  const before = document.activeElement;
  return new Promise((resolve) => {
    let answered = none;
    const answer = (value) => {
      answered = value;
      dialog.close();
    };
    dialog.append(el('h2', { id }, title), ...fill(answer));
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
      resolve(answered);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
