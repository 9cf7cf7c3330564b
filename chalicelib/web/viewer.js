/** One file, as large as the screen. Goes on to its neighbours; tells where the file is and what may be done with it. */

import { el, show } from './dom.js';
import { explain } from './explain.js';
import { factList } from './facts.js';
import { glyph } from './glyphs.js';
import { say } from './said.js';
import { Stage } from './stage.js';
import { TEXTS, wallClock } from './texts.js';

const { look } = TEXTS;
const FAR = 60;

export class Viewer extends EventTarget {
  #at = 0;
  #turn = 0;
  #swipe = null;
  #ended = new AbortController();

  /** @param {{api, links, deeds, shelf, actions: (files) => object[], names: () => Promise<Map<string, string>>, say}} given */
  constructor(given) {
    super();
    Object.assign(this, given);
    this.stage = new Stage(given);
    this.#build();
    const { signal } = this.#ended;
    addEventListener('popstate', () => this.dialog.open && this.dialog.close(), { signal });
    this.shelf.addEventListener('change', () => this.dialog.open && this.#refresh(), { signal });
    addEventListener('keydown', (event) => this.#typed(event), { signal });
    visualViewport?.addEventListener('resize', () => this.dialog.classList.toggle('zoomed', visualViewport.scale > 1.01), { signal });
  }

  get file() {
    return this.shelf.files[this.#at];
  }

  get index() {
    return this.#at;
  }

  open(at) {
    document.body.append(this.dialog);
    document.documentElement.classList.add('viewing');
    // So that the way back of a phone closes this, and not the page.
    history.pushState({ viewer: true }, '');
    this.dialog.showModal();
    this.#show(at);
    this.dialog.focus();
  }

  /** Leave as one came: by the way back, which closes. */
  close() {
    if (history.state?.viewer) history.back();
    else this.dialog.close();
  }

  end() {
    this.#ended.abort();
    if (this.dialog.open) this.dialog.close();
    this.dialog.remove();
  }

  #build() {
    const button = (name, icon, onclick, more = {}) => el('button', { type: 'button', 'aria-label': name, title: name, onclick, ...more, class: `round ${more.class ?? ''}` }, glyph(icon));
    this.title = el('h2', { id: 'viewer-title', 'aria-live': 'polite' });
    this.date = el('p', { class: 'viewer-date' });
    this.info = button(look.details, 'info', () => this.#toggleFacts(), { 'aria-expanded': 'false', 'aria-controls': 'viewer-facts' });
    this.facts = el('aside', { id: 'viewer-facts', 'aria-label': look.details, hidden: true, tabindex: -1 });
    this.back = button(look.previous, 'left', () => this.#show(this.#at - 1), { class: 'side back' });
    this.next = button(look.next, 'right', () => this.#show(this.#at + 1), { class: 'side next' });
    this.deeds = el('div', { class: 'viewer-deeds', role: 'toolbar', 'aria-label': look.deeds });
    this.note = el('p', { class: 'viewer-note', role: 'status' });
    this.dialog = el('dialog', { class: 'viewer', 'aria-labelledby': 'viewer-title', tabindex: -1 },
      el('div', { class: 'viewer-top' }, button(look.close, 'close', () => this.close()), el('div', { class: 'viewer-heading' }, this.title, this.date), this.info),
      el('div', { class: 'viewer-middle' }, this.stage.element, this.back, this.next),
      this.note, this.facts, this.deeds);
    this.dialog.addEventListener('cancel', (event) => {
      if (event.target !== this.dialog) return;
      event.preventDefault();
      this.close();
    });
    this.dialog.addEventListener('close', (event) => event.target === this.dialog && this.#closed());
    this.#swipes(this.stage.element);
  }

  #closed() {
    this.#turn += 1;
    this.stage.clear();
    this.#toggleFacts(false);
    this.dialog.remove();
    document.documentElement.classList.remove('viewing');
    if (history.state?.viewer) history.back();
    this.dispatchEvent(new Event('closed'));
  }

  #show(at) {
    if (!this.shelf.files.length) return this.close();
    this.#at = Math.min(this.shelf.files.length - 1, Math.max(0, at));
    this.#turn += 1;
    say(this.note);
    this.#heading();
    this.stage.show(this.file);
    for (const near of [1, -1]) this.stage.prepare(this.shelf.files[this.#at + near]);
    this.#drawDeeds();
    if (!this.facts.hidden) this.#tellFacts();
    if (this.#at + 20 > this.shelf.files.length) this.shelf.more();
  }

  /** The list changed: go on with the same file, or with the one that took its place. */
  #refresh() {
    const shown = this.stage.file?.fileId;
    const at = this.shelf.find(shown);
    if (at < 0) return this.#show(this.#at);
    this.#at = at;
    this.#heading();
    this.#drawDeeds();
  }

  #heading() {
    const { file } = this;
    this.title.textContent = file.name;
    this.date.textContent = wallClock(file.capturedAt);
    this.back.hidden = this.#at === 0;
    this.next.hidden = this.#at === this.shelf.files.length - 1;
  }

  #drawDeeds() {
    const focused = this.deeds.contains(document.activeElement) ? document.activeElement.dataset.deed : null;
    show(this.deeds, ...this.actions([this.file]).map(({ name, icon, label, run, pressed, slow }) => el('button', {
      type: 'button', class: `deed ${pressed ? 'pressed' : ''}`, 'data-deed': name, 'aria-pressed': pressed === undefined ? undefined : String(pressed),
      onclick: () => this.#do(run, slow),
    }, glyph(icon), el('span', {}, label))));
    if (focused) (this.deeds.querySelector(`[data-deed="${focused}"]`) ?? this.dialog).focus();
  }

  async #do(run, slow) {
    say(this.note, { text: slow });
    const said = await run([this.file]).catch((error) => ({ text: explain(error) }));
    // Behind the last file the viewer has closed: then the page below has to say it.
    if (this.dialog.open) say(this.note, said);
    else this.say(said);
  }

  #toggleFacts(wanted = this.facts.hidden) {
    this.facts.hidden = !wanted;
    this.info.setAttribute('aria-expanded', String(wanted));
    this.dialog.classList.toggle('with-facts', wanted);
    if (wanted) this.#tellFacts();
  }

  async #tellFacts() {
    const turn = this.#turn;
    show(this.facts, el('p', { role: 'status' }, TEXTS.working));
    try {
      const [file, names] = await Promise.all([this.api.get(`files/${this.file.fileId}`), this.names()]);
      if (turn !== this.#turn) return;
      show(this.facts, factList(file, names), file.cloudCopy === 'gone' && this.stage.recaller(file));
    } catch (error) {
      if (turn !== this.#turn) return;
      show(this.facts, el('p', { role: 'alert', class: 'alert' }, explain(error)),
        el('button', { type: 'button', onclick: () => this.#tellFacts() }, TEXTS.tryAgain));
    }
  }

  #typed(event) {
    const here = this.dialog.contains(event.target) || event.target === document.body;
    if (!this.dialog.open || !here || event.target.matches('video, audio, input') || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move) this.#show(this.#at + move);
    else if (event.key === 'i') this.#toggleFacts();
    else return;
    event.preventDefault();
  }

  #swipes(element) {
    const { signal } = this.#ended;
    const on = (name, hear) => element.addEventListener(name, hear, { signal });
    on('pointerdown', (event) => {
      const zoomed = (visualViewport?.scale ?? 1) > 1.01;
      this.#swipe = event.isPrimary && event.pointerType !== 'mouse' && !zoomed && !event.target.matches('video, audio, button') ? { x: event.clientX, y: event.clientY } : null;
    });
    on('pointermove', (event) => this.#swipe && this.stage.drag(event.clientX - this.#swipe.x));
    on('pointerup', (event) => this.#swipe && this.#swiped(event.clientX - this.#swipe.x, event.clientY - this.#swipe.y));
    on('pointercancel', () => this.#swiped(0, 0));
  }

  #swiped(x, y) {
    this.#swipe = null;
    this.stage.drag(0);
    if (Math.abs(x) > FAR && Math.abs(x) > Math.abs(y)) this.#show(this.#at - Math.sign(x));
    else if (y > FAR * 2 && y > Math.abs(x)) this.close();
  }
}
