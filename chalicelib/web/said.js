/** A line that says what came of a deed, and may offer one more: to take it back, or the next best. */

import { el, show } from './dom.js';
import { explain } from './explain.js';
import { glyph } from './glyphs.js';
import { TEXTS } from './texts.js';

/**
 * @param {HTMLElement} line with the role of a status
 * @param {{text: string, label?: string, run?: () => Promise<any>}} [said] nothing clears it
 */
export function say(line, said) {
  const focused = line.contains(document.activeElement);
  fill(line, said);
  // What had the focus is gone: a keyboard goes on from here.
  if (focused) (line.querySelector('button') ?? line.closest('dialog') ?? document.querySelector('h1'))?.focus({ preventScroll: true });
}

function fill(line, said) {
  if (!said?.text) return show(line);
  const button = said.run && el('button', { type: 'button', class: 'quiet', onclick: async () => {
    button.disabled = true;
    say(line, await said.run().catch((error) => ({ text: explain(error) })));
  } }, said.label);
  const close = el('button', { type: 'button', class: 'round', 'aria-label': TEXTS.look.close, onclick: () => say(line) }, glyph('close', 20));
  return show(line, el('span', {}, said.text), button, close);
}
