/** A room full of pictures: a timeline of one list, what is chosen from it, and what may be done with that. */

import { actionsIn } from './actions.js';
import { el, show } from './dom.js';
import { explain } from './explain.js';
import { glyph } from './glyphs.js';
import { say } from './said.js';
import { Scrubber } from './scrubber.js';
import { Selection } from './selection.js';
import { Shelf } from './shelf.js';
import { TEXTS, files as filesText } from './texts.js';
import { Timeline } from './timeline.js';
import { Viewer } from './viewer.js';

const { look } = TEXTS;

const LOOK_MS = 1500;
const LOOKS = 7;
const NEW_MS = 15 * 60_000;

/** Whether a picture of it may well be on its way. */
const isNew = ({ previews, status, type, createdAt }) => !previews.length && status !== 'lost' && /^(image|video)\//.test(type) && Date.now() - Date.parse(createdAt) < NEW_MS;

export class ShelfRoom {
  /**
   * @param {{root: Element, api, links, deeds, albums, names, kind: string, label: string, empty: string, albumId?: string}} given
   *   `ask` reads a page of the list
   */
  constructor(given) {
    Object.assign(this, given);
    this.selection = new Selection();
    this.note = el('div', { class: 'note said', role: 'status' });
    this.standing = el('div', { class: 'standing', role: 'status' });
    this.trouble = el('div', { class: 'trouble' });
    this.place = el('div', { class: 'shelf' });
    this.bar = el('div', { class: 'chosen', role: 'toolbar', 'aria-label': look.chosen, hidden: true });
    this.selection.addEventListener('change', () => this.#drawBar());
    this.typed = (event) => event.key === 'Escape' && !event.defaultPrevented && !document.querySelector('dialog[open]') && this.selection.clear();
    addEventListener('keydown', this.typed);
  }

  async open(...heads) {
    show(this.root, ...heads, this.standing, this.place, this.trouble, this.bar, this.note);
    if (this.ask) await this.fill(this.ask);
  }

  close() {
    this.#empty();
    removeEventListener('keydown', this.typed);
  }

  /** Show this list instead of whatever was shown. */
  async fill(ask, eager) {
    this.#empty();
    this.shelf = new Shelf(ask, eager);
    this.timeline = new Timeline({ shelf: this.shelf, links: this.links, selection: this.selection, label: this.label });
    this.scrubber = new Scrubber(this.timeline);
    this.actions = actionsIn(this);
    const { api, links, deeds, shelf, names, actions } = this;
    this.viewer = new Viewer({ api, links, deeds, shelf, names, actions, say: (said) => this.tell(said) });
    this.timeline.addEventListener('opened', ({ detail }) => this.viewer.open(detail));
    this.viewer.addEventListener('closed', () => this.timeline.focus(this.viewer.index));
    shelf.addEventListener('change', () => shelf === this.shelf && this.#changed());
    show(this.place, this.timeline.element, this.scrubber.element);
    this.standing.textContent = TEXTS.working;
    await shelf.read();
    if (this.kind === 'photos') this.#lookAgain(shelf);
  }

  /** Show nothing, and say why. */
  rest(text) {
    this.#empty();
    show(this.place);
    show(this.trouble);
    this.standing.textContent = text;
  }

  tell(said) {
    say(this.note, said);
  }

  #empty() {
    this.shelf?.end();
    this.timeline?.end();
    this.scrubber?.end();
    this.viewer?.end();
    this.links.want([]);
    this.selection.clear();
    clearTimeout(this.timer);
    this.shelf = undefined;
  }

  /** While what came in just now is being looked into, look again: its picture comes within seconds. */
  #lookAgain(shelf, round = 0) {
    if (shelf !== this.shelf || round === LOOKS || !shelf.files.slice(0, 100).some(isNew)) return;
    this.timer = setTimeout(async () => {
      await shelf.renew().catch(() => {});
      this.#lookAgain(shelf, round + 1);
    }, LOOK_MS * 2 ** round);
  }

  #changed() {
    const { files, done, error } = this.shelf;
    this.selection.keep(files.map(({ fileId }) => fileId));
    if (files.length) this.standing.textContent = done ? filesText(files.length) : look.soFar(files.length);
    else this.standing.textContent = done ? this.empty : error ? '' : TEXTS.working;
    this.standing.classList.toggle('nothing', done && !files.length);
    show(this.trouble, error && el('p', { role: 'alert', class: 'alert' }, explain(error)),
      error && el('button', { type: 'button', onclick: () => this.shelf.read() }, TEXTS.tryAgain));
    this.onchange?.();
  }

  #drawBar() {
    const { size } = this.selection;
    this.bar.hidden = !size;
    document.documentElement.classList.toggle('choosing', size > 0);
    if (!size) return show(this.bar);
    if (size === 1) this.tell();
    const chosen = new Set(this.selection.ids());
    const files = this.shelf.files.filter(({ fileId }) => chosen.has(fileId));
    const focused = this.bar.contains(document.activeElement) ? document.activeElement.dataset.deed : null;
    show(this.bar,
      el('button', { type: 'button', class: 'round', 'data-deed': 'none', 'aria-label': look.chooseNone, onclick: () => this.selection.clear() }, glyph('close')),
      el('span', { class: 'number', role: 'status' }, look.chosenNumber(size)),
      ...this.actions(files).map(({ name, icon, label, pressed, run, slow }) => el('button', {
        type: 'button', class: `deed ${pressed ? 'pressed' : ''}`, 'data-deed': name, onclick: () => this.#do(run, files, slow),
      }, glyph(icon), el('span', {}, label))));
    if (focused) this.bar.querySelector(`[data-deed="${focused}"]`)?.focus();
    return undefined;
  }

  async #do(run, files, slow) {
    this.tell({ text: slow });
    const buttons = this.bar.querySelectorAll('button');
    for (const button of buttons) button.disabled = true;
    try {
      const said = await run(files);
      if (said?.text) {
        this.selection.clear();
        this.tell(said);
      }
    } catch (error) {
      this.tell({ text: explain(error) });
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }
}
