/** The first screen: what is safe, what is on its way, what needs somebody; and the way to send more. */

import { el, show } from './dom.js';
import { isSafe, sum } from './plan.js';
import { standing } from './standing.js';
import { TEXTS, count, when } from './texts.js';

const LOOK_MS = 5000;
const MOST_NAMES = 3;
const MOST_ROWS = 200;

export class HomeView {
  #timer = 0;
  #frame = 0;
  #rows = new Map();
  #wasBusy = false;

  constructor(root, api, uploads, ledger) {
    Object.assign(this, { root, api, uploads, ledger });
    this.status = el('section', { class: 'status', 'aria-live': 'polite' }, el('p', {}, TEXTS.working));
    this.troubles = el('section', {});
    this.unfinished = el('section', {});
    this.sending = el('section', {});
    this.redraw = () => {
      this.#frame ||= requestAnimationFrame(() => this.#draw());
    };
  }

  async open() {
    show(this.root, el('h1', { tabindex: -1, class: 'unseen' }, TEXTS.home),
      this.status, this.#picker(), this.unfinished, this.sending, this.troubles);
    this.uploads.addEventListener('change', this.redraw);
    this.#draw();
    await Promise.all([this.#look(), this.#tellUnfinished()]);
  }

  close() {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.uploads.removeEventListener('change', this.redraw);
  }

  #picker() {
    const input = el('input', { type: 'file', multiple: true, id: 'files', class: 'unseen', 'aria-describedby': 'files-hint' });
    input.addEventListener('change', () => {
      this.uploads.add(input.files);
      input.value = '';
    });
    return el('section', { class: 'picker' }, input, el('label', { for: 'files', class: 'main button' }, TEXTS.choose),
      el('p', { id: 'files-hint', class: 'hint' }, TEXTS.chooseHint));
  }

  async #look() {
    clearTimeout(this.#timer);
    try {
      this.#tell(standing(await this.api.get('me'), Date.now()));
    } finally {
      if (this.root.contains(this.status)) this.#timer = setTimeout(() => this.#look().catch(() => {}), LOOK_MS);
    }
  }

  #tell(told) {
    const heads = { nothing: TEXTS.nothingYet, home: TEXTS.allHome, onTheWay: TEXTS.onTheWay(told.cloud) };
    const tile = (name, number) => el('div', {}, el('dt', {}, name), el('dd', {}, count(number)));
    const made = [
      el('p', { class: `head ${told.head}` }, heads[told.head]),
      told.head === 'nothing' ? el('p', { class: 'hint' }, TEXTS.nothingYetHint)
        : el('dl', { class: 'tiles' }, tile(TEXTS.atHome, told.home), tile(TEXTS.inCloud, told.cloud), tile(TEXTS.notSent, told.begun)),
    ];
    const said = JSON.stringify(told);
    if (this.said === said) return;
    this.said = said;
    show(this.status, ...made);
    const troubles = this.uploads.entries.some((entry) => !isSafe(entry)) ? told.troubles.filter(({ what }) => what !== 'leftBegun') : told.troubles;
    show(this.troubles, troubles.length > 0 && el('h2', {}, TEXTS.stuck),
      troubles.length > 0 && el('ul', { class: 'rows troubles' }, ...troubles.map((one) => el('li', {}, troubled(one)))));
  }

  async #tellUnfinished() {
    const begun = (await this.ledger.every().catch(() => [])).filter((one) => one.ownerId === this.uploads.ownerId);
    const left = begun.filter((one) => !this.uploads.entries.some((entry) => entry.sha256 === one.sha256));
    if (!left.length) return show(this.unfinished);
    const names = left.slice(0, MOST_NAMES).map(({ name }) => name).join(', ');
    const more = left.length > MOST_NAMES ? ` ${TEXTS.andMore(left.length - MOST_NAMES)}` : '';
    const forget = async () => {
      for (const one of left) await this.ledger.strike(one.key);
      show(this.unfinished);
    };
    show(this.unfinished, el('div', { class: 'card' }, el('h2', {}, TEXTS.resumeTitle), el('p', {}, TEXTS.resumeHint(names + more)),
      el('button', { type: 'button', class: 'quiet', onclick: forget }, TEXTS.resumeForget)));
  }

  #draw() {
    this.#frame = 0;
    const { entries } = this.uploads;
    const told = sum(entries);
    if (this.#wasBusy && !told.busy) this.#look().catch(() => {});
    this.#wasBusy = told.busy;
    if (!entries.length) {
      this.#rows.clear();
      this.list = null;
      return show(this.sending);
    }
    if (entries.length) show(this.unfinished);
    if (!this.list) this.#frameSending();
    this.title.textContent = titleOf(told);
    this.title.dataset.state = told.allHome ? 'allHome' : told.allSafe ? 'allSafe' : 'open';
    this.bar.max = told.bytes;
    this.bar.value = told.sent;
    this.bar.setAttribute('aria-label', TEXTS.sending);
    this.amount.textContent = TEXTS.progress(told.sent, told.bytes);
    this.retry.hidden = !entries.some((entry) => entry.state === 'failed');
    this.tidy.hidden = told.busy;
    this.#drawRows(entries);
  }

  #frameSending() {
    this.title = el('h2', { role: 'status', id: 'sum' });
    this.bar = el('progress', {});
    this.amount = el('p', { class: 'hint' });
    this.list = el('ul', { class: 'rows entries' });
    this.retry = el('button', { type: 'button', onclick: () => this.uploads.again() }, TEXTS.tryAgain);
    this.tidy = el('button', { type: 'button', class: 'quiet', onclick: () => this.uploads.clear() }, TEXTS.clearList);
    this.#rows.clear();
    show(this.sending, el('div', { class: 'card' }, this.title, this.bar, this.amount,
      el('div', { class: 'actions' }, this.retry, this.tidy), this.list));
  }

  /** Those that are under way or need somebody come first, and no more than a phone can draw. */
  #drawRows(entries) {
    const order = [...entries].sort((one, other) => rank(one) - rank(other)).slice(0, MOST_ROWS);
    const rows = order.map((entry) => this.#row(entry));
    if (rows.length !== this.list.children.length || rows.some((row, at) => this.list.children[at] !== row)) {
      this.list.replaceChildren(...rows);
    }
  }

  #row(entry) {
    const said = `${entry.state} ${entry.reason ?? ''}`;
    const kept = this.#rows.get(entry) ?? { row: el('li', {}), said: '' };
    this.#rows.set(entry, kept);
    if (kept.said !== said) {
      kept.said = said;
      const why = entry.reason ? ` – ${TEXTS.reasons[entry.reason] ?? entry.reason}` : entry.wasHere && isSafe(entry) ? ` – ${TEXTS.wasHere}` : '';
      const back = entry.reason === 'trashed'
        && el('button', { type: 'button', class: 'quiet', onclick: () => this.uploads.bringBack(entry) }, TEXTS.bringBack);
      show(kept.row, el('span', { class: 'file-name' }, entry.name),
        el('span', { class: `state ${entry.state}` }, `${TEXTS.state[entry.state]}${why}`), back);
    }
    return kept.row;
  }
}

function rank(entry) {
  const order = ['failed', 'refused', 'sending', 'hashing', 'checking', 'ready', 'waiting', 'uploaded', 'downloaded'];
  return order.indexOf(entry.state);
}

function titleOf(told) {
  if (told.allHome) return TEXTS.allSafeHome(told.count);
  if (told.allSafe) return TEXTS.allSafe(told.count);
  return told.busy ? TEXTS.remaining(told.count - told.safe) : TEXTS.notAll(told.over);
}

function troubled(one) {
  if (one.what === 'noPc') return TEXTS.noPc;
  if (one.what === 'leftBegun') return TEXTS.leftBegun(one.count);
  return TEXTS[one.what](one.name, one.since && when(one.since));
}
