/** What an owner may set: how long cloud copies stay, whether places are remembered and a report comes every week. */

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

  #draw({ graceDays, keepPlaces, weeklyReport }) {
    const days = [...new Set([...DAYS, graceDays])].filter((one) => one !== 'never').sort((one, other) => one - other);
    const options = [['never', TEXTS.grace.never], ...days.map((one) => [one, TEXTS.grace[one] ?? TEXTS.grace.days(one)])];
    const grace = choice(TEXTS.graceLabel, { name: 'grace', onchange: ({ target }) => this.#set({ graceDays: target.value === 'never' ? null : Number(target.value) }) }, options, TEXTS.graceHint);
    grace.querySelector('select').value = String(graceDays);
    show(this.root, this.note,
      el('section', { class: 'card' }, grace),
      this.#check('keepPlaces', keepPlaces, TEXTS.placesLabel, TEXTS.placesHint),
      this.#check('weeklyReport', weeklyReport, TEXTS.weeklyLabel, TEXTS.weeklyHint));
  }

  #check(name, checked, label, hint) {
    const box = el('input', { type: 'checkbox', checked, 'aria-describedby': `${name}-hint`, onchange: ({ target }) => this.#set({ [name]: target.checked }) });
    return el('section', { class: 'card' }, el('label', { class: 'check' }, box, label), el('p', { class: 'hint', id: `${name}-hint` }, hint));
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
