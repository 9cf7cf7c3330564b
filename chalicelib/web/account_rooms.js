/** What belongs to the owner: who is signed in, storage and cost, activity, settings, security. One room after the other. */

import { ActivityView } from './activity_view.js';
import { el, show } from './dom.js';
import { explain } from './explain.js';
import { icon } from './icons.js';
import { SecurityView } from './security_view.js';
import { SettingsView } from './settings_view.js';
import { StorageView } from './storage_view.js';
import { TEXTS } from './texts.js';

const ROOMS = {
  storage: { view: StorageView, drawing: 'chart' },
  activity: { view: ActivityView, drawing: 'clock' },
  settings: { view: SettingsView, drawing: 'gear' },
  security: { view: SecurityView, drawing: 'lock' },
};

export class AccountRooms {
  name = 'account';

  constructor(root, { api, session, signOut, path }) {
    Object.assign(this, { root, api, session, signOut, path });
  }

  open() {
    return this.#enter(this.path);
  }

  go(path) {
    this.#enter(path).catch((error) => this.session.isOpen && this.root.append(el('p', { role: 'alert', class: 'alert' }, explain(error))));
    scrollTo(0, 0);
    this.root.querySelector('h1')?.focus({ preventScroll: true });
  }

  close() {
    this.room?.close?.();
    this.room = null;
  }

  async #enter([name]) {
    this.close();
    if (!Object.hasOwn(ROOMS, name ?? '')) return this.#hall();
    const inside = el('div', {});
    show(this.root, el('a', { href: '#account', class: 'up' }, icon('back', 20), TEXTS.account), el('h1', { tabindex: -1 }, TEXTS[name]), inside);
    this.room = new ROOMS[name].view(inside, this.api, this.session);
    await this.room.open();
  }

  #hall() {
    const { email } = this.session.about;
    const way = (name) => el('li', {}, el('a', { href: `#account/${name}` }, icon(ROOMS[name].drawing),
      el('span', {}, TEXTS[name], el('small', {}, TEXTS[`${name}Hint`])), icon('next', 20)));
    show(this.root, el('h1', { tabindex: -1 }, TEXTS.account),
      email && el('p', { class: 'hint' }, TEXTS.signedInAs, ' ', el('strong', {}, email)),
      el('ul', { class: 'menu' }, ...Object.keys(ROOMS).map(way)),
      el('ul', { class: 'menu' }, el('li', {}, el('button', { type: 'button', onclick: this.signOut }, icon('leave'), el('span', {}, TEXTS.signOut)))));
  }
}
