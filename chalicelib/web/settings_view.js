/** What an owner may set: how long cloud copies stay, whether places are remembered. */

import { choice, el, show } from './dom.js';
import { explain } from './explain.js';
import { TEXTS } from './texts.js';

const DAYS = [0, 7, 30, 90, 365];

export class SettingsView {
  constructor(root, api) {
    Object.assign(this, { root, api });
    this.note = el('p', { role: 'status', class: 'note' });
  }

  async open() {
    this.#draw(await this.api.get('me'));
  }

  #draw({ graceDays, keepPlaces }) {
    const days = [...new Set([...DAYS, graceDays])].filter((one) => one !== 'never').sort((one, other) => one - other);
    const options = [['never', TEXTS.grace.never], ...days.map((one) => [one, TEXTS.grace[one] ?? TEXTS.grace.days(one)])];
    const grace = choice(TEXTS.graceLabel, { name: 'grace', onchange: ({ target }) => this.#set({ graceDays: target.value === 'never' ? null : Number(target.value) }) }, options, TEXTS.graceHint);
    grace.querySelector('select').value = String(graceDays);
    const places = el('input', { type: 'checkbox', checked: keepPlaces, 'aria-describedby': 'places-hint', onchange: ({ target }) => this.#set({ keepPlaces: target.checked }) });
    show(this.root, this.note,
      el('section', { class: 'card' }, grace),
      el('section', { class: 'card' }, el('label', { class: 'check' }, places, TEXTS.placesLabel), el('p', { class: 'hint', id: 'places-hint' }, TEXTS.placesHint)));
  }

  /** What was not taken is shown as it is. */
  async #set(change) {
    try {
      await this.api.patch('me', change);
      this.note.textContent = TEXTS.saved;
    } catch (error) {
      this.note.textContent = explain(error);
      await this.open().catch(() => {});
    }
  }
}
