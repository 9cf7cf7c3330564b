/** Who did what when, the latest first, by day. */

import { choice, el, show } from './dom.js';
import { explain } from './explain.js';
import { icon } from './icons.js';
import { TEXTS, day, hour } from './texts.js';

const PAGE = 50;
const DRAWINGS = {
  uploaded: 'cloud', receipted: 'home', lossReported: 'warning', lost: 'warning', paired: 'devices', revoked: 'devices',
  pcBehind: 'warning', phoneSilent: 'warning', pcCaughtUp: 'check', phoneHeard: 'check', signedIn: 'account',
  passwordChanged: 'lock', mfaTurnedOn: 'lock', mfaTurnedOff: 'lock', trashed: 'library', restored: 'library', purged: 'library',
};

export class ActivityView {
  #asked = 0;

  constructor(root, api) {
    Object.assign(this, { root, api, kind: '' });
    this.days = el('div', {});
    this.more = el('button', { type: 'button', hidden: true, onclick: () => this.#page().catch((error) => this.#fail(error)) }, TEXTS.moreDeeds);
  }

  async open() {
    const kinds = [['', TEXTS.allKinds], ...Object.entries(TEXTS.activityKinds)];
    const start = ({ target }) => this.#start(target.value).catch((error) => this.#fail(error));
    show(this.root, choice(TEXTS.activityKind, { name: 'kind', onchange: start }, kinds), this.days, this.more);
    await this.#start('');
  }

  async #start(kind) {
    Object.assign(this, { kind, next: undefined, shown: '' });
    this.list = null;
    show(this.days);
    await this.#page();
    if (!this.list) show(this.days, el('p', { class: 'hint' }, TEXTS.noActivity));
  }

  /** A page may be empty and still not be the last. */
  async #page() {
    this.#asked += 1;
    const turn = this.#asked;
    for (let found = 0; found === 0;) {
      const asked = new URLSearchParams({ limit: PAGE, ...(this.kind && { kind: this.kind }), ...(this.next && { next: this.next }) });
      const told = await this.api.get(`activity?${asked}`);
      if (turn !== this.#asked) return;
      this.next = told.next;
      told.activity.forEach((deed) => this.#place(deed));
      found = told.next ? told.activity.length : 1;
    }
    this.more.hidden = !this.next;
  }

  /** Thirty photos are one line, not thirty: what the same device did within the same hour is told together. */
  #place(deed) {
    const name = day(deed.at);
    if (name === this.shown && isMore(this.last, deed)) {
      this.last.count = (this.last.count ?? 1) + (deed.count ?? 1);
      this.line.textContent = told(this.last);
      return;
    }
    if (name !== this.shown) {
      this.shown = name;
      this.list = el('ul', { class: 'deeds' });
      this.days.append(el('section', { class: 'card' }, el('h2', {}, name), this.list));
    }
    this.last = { ...deed };
    this.line = el('p', {}, told(deed));
    this.list.append(el('li', {}, icon(DRAWINGS[deed.what] ?? 'clock'), el('div', {}, this.line, el('p', { class: 'hint' }, about(deed)))));
  }

  #fail(error) {
    this.days.append(el('p', { role: 'alert', class: 'alert' }, explain(error)));
  }
}

const COUNTED = new Set(['uploaded', 'receipted', 'trashed', 'restored', 'purged']);
const HOUR_MS = 3_600_000;

function isMore(last, deed) {
  return COUNTED.has(deed.what) && ['what', 'by', 'deviceId', 'address'].every((name) => last[name] === deed[name])
    && Date.parse(last.at) - Date.parse(deed.at) < HOUR_MS;
}

function told(deed) {
  return TEXTS.deeds[deed.what]?.(deed.count ?? 1, deed.deviceName ?? TEXTS.aDevice) ?? deed.what;
}

function about(deed) {
  const by = deed.by === 'device' && deed.what !== 'receipted' && deed.deviceName && TEXTS.by(deed.deviceName);
  return [hour(deed.at), by, deed.address && TEXTS.from(deed.address)].filter(Boolean).join(' · ');
}
