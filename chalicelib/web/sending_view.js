/** What is being sent from here: how far each file is, and why one is not. */

import { el, show } from './dom.js';
import { isSafe, sum } from './plan.js';
import { TEXTS, percent } from './texts.js';

const MOST_ROWS = 200;
const FEW = 3;
const ORDER = ['failed', 'refused', 'sending', 'hashing', 'checking', 'ready', 'waiting', 'uploaded', 'downloaded'];

export class SendingView {
  #frame = 0;
  #rows = new Map();
  #wasBusy = false;

  /** @param {() => void} settled told when nothing is under way any more */
  constructor(uploads, settled) {
    Object.assign(this, { uploads, settled });
    this.root = el('section', {});
    this.redraw = () => {
      this.#frame ||= requestAnimationFrame(() => this.#draw());
    };
  }

  open() {
    this.uploads.addEventListener('change', this.redraw);
    this.#draw();
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.uploads.removeEventListener('change', this.redraw);
  }

  #draw() {
    this.#frame = 0;
    const { entries } = this.uploads;
    const told = sum(entries);
    if (this.#wasBusy && !told.busy) this.settled();
    this.#wasBusy = told.busy;
    if (!entries.length) {
      this.#rows.clear();
      this.list = null;
      return show(this.root);
    }
    if (!this.list) this.#build();
    this.title.textContent = titleOf(told);
    this.title.dataset.state = told.allHome ? 'allHome' : told.allSafe ? 'allSafe' : 'open';
    this.bar.max = told.bytes;
    this.bar.value = told.sent;
    this.amount.textContent = TEXTS.progress(told.sent, told.bytes);
    this.retry.hidden = !entries.some((entry) => entry.state === 'failed');
    this.tidy.hidden = told.busy;
    this.#fold(told);
    this.#drawRows(entries);
  }

  /** A long list of what is safe is of no interest; whoever wants it opens it. */
  #fold(told) {
    const folded = told.allSafe && told.count > FEW;
    if (folded === this.folded) return;
    this.folded = folded;
    this.each.open = !folded;
  }

  #build() {
    this.title = el('h2', { role: 'status', id: 'sum' });
    this.bar = el('progress', { 'aria-label': TEXTS.sending });
    this.amount = el('p', { class: 'hint' });
    this.list = el('ul', { class: 'rows entries' });
    this.each = el('details', {}, el('summary', {}, TEXTS.eachFile), this.list);
    this.folded = undefined;
    this.retry = el('button', { type: 'button', onclick: () => this.uploads.again() }, TEXTS.tryAgain);
    this.tidy = el('button', { type: 'button', class: 'quiet', onclick: () => this.uploads.clear() }, TEXTS.clearList);
    this.#rows.clear();
    show(this.root, el('div', { class: 'card' }, this.title, this.bar, this.amount, this.each, el('div', { class: 'actions' }, this.retry, this.tidy)));
  }

  /** Those that are under way or need somebody come first, and no more than a phone can draw. */
  #drawRows(entries) {
    const order = [...entries].sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state)).slice(0, MOST_ROWS);
    const rows = order.map((entry) => this.#row(entry));
    if (rows.length !== this.list.children.length || rows.some((row, at) => this.list.children[at] !== row)) {
      this.list.replaceChildren(...rows);
    }
  }

  #row(entry) {
    const share = entry.state === 'sending' ? shareOf(entry) : '';
    const said = `${entry.state} ${entry.reason ?? ''} ${share}`;
    const kept = this.#rows.get(entry) ?? { row: el('li', {}), said: '' };
    this.#rows.set(entry, kept);
    if (kept.said !== said) {
      kept.said = said;
      const back = entry.reason === 'trashed'
        && el('button', { type: 'button', class: 'quiet', onclick: () => this.uploads.bringBack(entry) }, TEXTS.bringBack);
      show(kept.row, el('span', { class: 'file-name' }, entry.name),
        el('span', { class: `state ${entry.state}` }, stateOf(entry, share)), back);
    }
    return kept.row;
  }
}

/** What S3 has and what is on the line, of a hundred. */
function shareOf({ size, sent, leaving }) {
  const gone = [...(leaving?.values() ?? [])].reduce((sum, bytes) => sum + bytes, sent);
  return Math.min(99, Math.floor((100 * gone) / Math.max(1, size)));
}

function stateOf(entry, share) {
  if (entry.reason) return `${TEXTS.state[entry.state]} – ${TEXTS.reasons[entry.reason] ?? entry.reason}`;
  if (entry.wasHere && isSafe(entry)) return `${TEXTS.state[entry.state]} – ${TEXTS.wasHere}`;
  return share === '' ? TEXTS.state[entry.state] : `${TEXTS.state[entry.state]} ${percent(share)}`;
}

function titleOf(told) {
  if (told.allHome) return TEXTS.allSafeHome(told.count);
  if (told.allSafe) return TEXTS.allSafe(told.count);
  return told.busy ? TEXTS.remaining(told.count - told.safe) : TEXTS.notAll(told.over);
}
