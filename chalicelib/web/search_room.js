/** A room that looks for files by what is typed, while it is typed. */

import { el } from './dom.js';
import { ShelfRoom } from './shelf_room.js';
import { TEXTS } from './texts.js';

const { look } = TEXTS;
const PAUSE_MS = 250;
const PAGE = 100;
const EAGER = 200;

export class SearchRoom extends ShelfRoom {
  #timer = 0;
  #text = '';

  async open() {
    this.input = el('input', { type: 'search', id: 'search', name: 'search', autocomplete: 'off', enterkeyhint: 'search', maxlength: 200, 'aria-describedby': 'search-hint' });
    this.input.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#look(), PAUSE_MS);
    });
    const asked = el('form', { role: 'search', class: 'searching' }, el('label', { for: 'search', class: 'unseen' }, look.searchLabel), this.input, el('p', { id: 'search-hint', class: 'hint' }, look.searchHint));
    asked.addEventListener('submit', (event) => {
      event.preventDefault();
      this.input.blur();
      this.#look();
    });
    await super.open(asked);
    this.input.focus();
  }

  close() {
    clearTimeout(this.#timer);
    super.close();
  }

  #look() {
    clearTimeout(this.#timer);
    const text = this.input.value.trim();
    if (text === this.#text && this.shelf) return;
    this.#text = text;
    if (!text) {
      this.rest('');
      return;
    }
    this.empty = look.nothingFound(text);
    this.fill(async ({ limit, next }) => this.api.post('files/search', { text, limit: Math.min(PAGE, limit), ...(next ? { next } : {}) }), EAGER);
  }
}
