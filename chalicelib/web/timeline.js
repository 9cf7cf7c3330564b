/** A grid of pictures of which only what is in view exists. It is told files and choices, and says which one is opened. */

import { el } from './dom.js';
import { glyph } from './glyphs.js';
import { tile } from './tile.js';
import { layOut, lineAround, rowsBetween, step } from './timeline_layout.js';
import { TEXTS, count, month } from './texts.js';

const { look } = TEXTS;
const BEYOND = 0.75;
const EDGE = 72;
const LONG_PRESS_MS = 450;
const STILL = 8;
const MOVES = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown']);

export class Timeline extends EventTarget {
  #rows = new Map();
  #active = 0;
  #frame = 0;
  #press = 0;
  #held = false;
  #edition = -1;
  #files = null;
  #ended = new AbortController();

  constructor({ shelf, links, selection, label }) {
    super();
    Object.assign(this, { shelf, links, selection });
    this.layout = layOut([], 300);
    this.element = el('div', { role: 'grid', 'aria-label': label, 'aria-multiselectable': 'true', class: 'timeline' });
    this.#listen();
  }

  /** Where in the page it begins, for whoever scrolls. */
  get top() {
    return this.element.getBoundingClientRect().top + scrollY;
  }

  end() {
    this.#ended.abort();
    this.sizes.disconnect();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#press);
  }

  /** Lay out anew what has changed; who looks at something further down goes on looking at it. */
  refresh() {
    const { files, edition } = this.shelf;
    const width = this.element.clientWidth;
    if (!width) return;
    const seen = width === this.layout.width || !this.layout.count || scrollY < this.top ? null : this.#firstSeen();
    const stale = files !== this.#files || width !== this.layout.width;
    if (stale) this.layout = layOut(files, width);
    this.#files = files;
    this.#active = Math.min(this.#active, Math.max(0, files.length - 1));
    this.element.style.height = `${this.layout.height}px`;
    this.element.setAttribute('aria-rowcount', this.shelf.done ? this.layout.rows : -1);
    this.element.setAttribute('aria-colcount', this.layout.columns);
    if (seen !== null) scrollTo(0, this.top + lineAround(this.layout, Math.min(seen, files.length - 1)).top - EDGE);
    this.draw();
    this.dispatchEvent(new Event('laid'));
  }

  /** Show what is in view, now. */
  draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const from = scrollY - this.top;
    const rows = this.layout.count ? rowsBetween(this.layout, from - innerHeight * BEYOND, from + innerHeight * (1 + BEYOND)) : [];
    this.#keepFocused(rows);
    this.#place(rows);
    this.#want(rows);
    if (from + innerHeight * 3 > this.layout.height) this.shelf.more();
  }

  /** Bring a file into view and go there. */
  focus(index) {
    if (!this.layout.count) return;
    this.#active = Math.min(this.layout.count - 1, Math.max(0, index));
    const line = lineAround(this.layout, this.#active);
    const at = this.top + line.top - scrollY;
    if (at < EDGE) scrollBy(0, at - EDGE);
    else if (at + line.height > innerHeight - EDGE) scrollBy(0, at + line.height - innerHeight + EDGE);
    this.draw();
    this.#cell(this.#active)?.focus({ preventScroll: true });
  }

  #listen() {
    const { signal } = this.#ended;
    const soon = () => {
      this.#frame ||= requestAnimationFrame(() => this.draw());
    };
    addEventListener('scroll', () => { this.#letGo(); soon(); }, { passive: true, signal });
    addEventListener('resize', soon, { signal });
    this.sizes = new ResizeObserver(() => this.element.clientWidth !== this.layout.width && this.refresh());
    this.sizes.observe(this.element);
    this.shelf.addEventListener('change', () => this.refresh(), { signal });
    this.selection.addEventListener('change', () => this.#mark(), { signal });
    this.links.addEventListener('linked', () => this.#picture(), { signal });
    const on = (name, hear) => this.element.addEventListener(name, hear);
    on('click', (event) => this.#clicked(event));
    on('keydown', (event) => this.#typed(event));
    on('focusin', ({ target }) => target.dataset.at && this.#activate(Number(target.dataset.at)));
    on('pointerdown', (event) => this.#pressed(event));
    on('pointermove', (event) => Math.hypot(event.clientX - this.pressedAt?.x, event.clientY - this.pressedAt?.y) > STILL && this.#letGo());
    for (const name of ['pointerup', 'pointercancel']) on(name, () => this.#letGo());
    on('contextmenu', (event) => this.touching && event.preventDefault());
    on('dragstart', (event) => event.preventDefault());
  }

  #firstSeen() {
    const rows = rowsBetween(this.layout, scrollY - this.top + EDGE, this.layout.height);
    return rows.find(({ kind }) => kind === 'files')?.first ?? null;
  }

  /** What has the focus stays, however far it is scrolled away: else a keyboard would be lost. */
  #keepFocused(rows) {
    if (!this.layout.count || !this.element.contains(document.activeElement)) return;
    const line = lineAround(this.layout, this.#active);
    if (!rows.some(({ row }) => row === line.row)) rows.push(line);
    rows.sort((one, other) => one.row - other.row);
  }

  #place(rows) {
    const focused = this.element.contains(document.activeElement) && document.activeElement.dataset.at;
    if (this.#edition !== this.shelf.edition) this.#forget();
    const kept = new Map(rows.map((row) => {
      const key = `${row.row} ${row.first} ${row.last} ${this.layout.width} ${row.section?.count}`;
      return [key, this.#rows.get(key) ?? this.#make(row)];
    }));
    for (const [key, node] of this.#rows) if (!kept.has(key)) node.remove();
    let next = this.element.firstChild;
    for (const node of kept.values()) {
      if (node === next) next = next.nextSibling;
      else this.element.insertBefore(node, next);
    }
    this.#rows = kept;
    this.#mark();
    if (focused && !this.element.contains(document.activeElement)) this.#cell(this.#active)?.focus({ preventScroll: true });
  }

  #forget() {
    for (const node of this.#rows.values()) node.remove();
    this.#rows.clear();
    this.#edition = this.shelf.edition;
  }

  #make(row) {
    const node = el('div', { role: 'row', 'aria-rowindex': row.row + 1, class: row.kind });
    node.style.transform = `translateY(${row.top}px)`;
    node.style.height = `${row.height}px`;
    if (row.kind === 'head') node.append(...this.#head(row.section));
    else {
      node.style.gridTemplateColumns = `repeat(${this.layout.columns}, ${this.layout.side}px)`;
      for (let at = row.first; at < row.last; at += 1) node.append(tile(this.shelf.files[at], at, at - row.first, this.links));
    }
    return node;
  }

  #head({ month: name, first, count: number }) {
    const ids = () => this.shelf.files.slice(first, first + number).map(({ fileId }) => fileId);
    const pick = el('button', { type: 'button', class: 'pick-month', 'aria-pressed': 'false', 'aria-label': look.pickMonth(month(name)), onclick: () => this.selection.toggleAll(ids()) }, glyph('check'));
    pick.ids = ids;
    return [el('div', { role: 'rowheader', 'aria-colspan': Math.max(1, this.layout.columns - 1), class: 'month' }, month(name), el('span', { class: 'hint' }, count(number))),
      el('div', { role: 'gridcell' }, pick)];
  }

  #mark() {
    this.element.classList.toggle('choosing', this.selection.size > 0);
    for (const cell of this.element.querySelectorAll('.tile')) {
      const chosen = String(this.selection.has(cell.dataset.id));
      if (cell.getAttribute('aria-selected') !== chosen) cell.setAttribute('aria-selected', chosen);
      cell.tabIndex = Number(cell.dataset.at) === this.#active ? 0 : -1;
    }
    for (const pick of this.element.querySelectorAll('.pick-month')) {
      pick.setAttribute('aria-pressed', this.selection.size > 0 && pick.ids().every((id) => this.selection.has(id)));
    }
    if (!this.#cell(this.#active)) this.element.querySelector('.tile')?.setAttribute('tabindex', 0);
  }

  #want(rows) {
    const files = rows.filter(({ kind }) => kind === 'files').flatMap(({ first, last }) => this.shelf.files.slice(first, last));
    this.links.want(files.filter(({ previews }) => previews.includes('256')).map(({ fileId }) => fileId));
  }

  #picture() {
    for (const cell of this.element.querySelectorAll('.tile')) cell.show?.();
  }

  #activate(at) {
    this.#active = at;
    for (const cell of this.element.querySelectorAll('.tile')) cell.tabIndex = Number(cell.dataset.at) === at ? 0 : -1;
  }

  #cell(at) {
    return this.element.querySelector(`.tile[data-at="${at}"]`);
  }

  #clicked(event) {
    const cell = event.target.closest('.tile');
    if (!cell) return;
    if (this.#held) {
      this.#held = false;
      return;
    }
    const at = Number(cell.dataset.at);
    if (event.shiftKey) this.#reach(at);
    else if (this.selection.size || event.ctrlKey || event.metaKey || event.target.closest('.pick')) this.selection.toggle(cell.dataset.id);
    else this.#open(at);
  }

  #typed(event) {
    if (!event.target.classList.contains('tile') || event.altKey) return;
    const at = Number(event.target.dataset.at);
    const wide = event.ctrlKey || event.metaKey;
    if (event.key === 'Enter') this.#open(at);
    else if (event.key === ' ') this.selection.toggle(event.target.dataset.id);
    else if (wide && event.key === 'a') this.selection.toggleAll(this.shelf.files.map(({ fileId }) => fileId));
    else if (MOVES.has(event.key)) this.#go(at, wide ? { Home: 'first', End: 'last' }[event.key] ?? event.key : event.key, event.shiftKey);
    else return;
    event.preventDefault();
  }

  #go(at, key, reaching) {
    const to = step(this.layout, at, key, Math.max(1, Math.floor(innerHeight / this.layout.side) - 2));
    if (reaching && !this.selection.size) this.selection.toggle(this.shelf.files[at].fileId);
    this.focus(to);
    if (reaching) this.#reach(to);
  }

  #reach(at) {
    this.selection.reach(this.shelf.files[at].fileId, this.shelf.files.map(({ fileId }) => fileId));
  }

  #open(at) {
    this.dispatchEvent(new CustomEvent('opened', { detail: at }));
  }

  #pressed(event) {
    this.touching = event.pointerType !== 'mouse';
    this.#held = false;
    const cell = event.target.closest('.tile');
    if (!cell || !this.touching) return;
    this.pressedAt = { x: event.clientX, y: event.clientY };
    this.#press = setTimeout(() => {
      this.#held = true;
      this.selection.toggle(cell.dataset.id);
    }, LONG_PRESS_MS);
  }

  #letGo() {
    clearTimeout(this.#press);
    this.pressedAt = undefined;
  }
}
