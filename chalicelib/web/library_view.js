/** What was sent, by the month in which it was captured, the latest first. */

import { el, show } from './dom.js';
import { TEXTS, month } from './texts.js';

const PAGE = 60;
const { library: heading, libraryEmpty: nothingYet } = TEXTS;

export class LibraryView {
  constructor(root, api) {
    Object.assign(this, { root, api });
    this.months = new Map();
    this.next = undefined;
  }

  async open() {
    this.list = el('div', {});
    this.more = el('button', { type: 'button', hidden: true, onclick: () => this.#page() }, TEXTS.more);
    show(this.root, el('h1', { tabindex: -1 }, heading), this.list, this.more);
    await this.#page();
    if (!this.months.size) show(this.list, el('p', { class: 'hint' }, nothingYet));
  }

  close() {}

  async #page() {
    this.more.disabled = true;
    const after = this.next ? `&next=${encodeURIComponent(this.next)}` : '';
    const told = await this.api.get(`files?limit=${PAGE}${after}`);
    this.next = told.next;
    const shown = told.files.filter((file) => ['pending', 'uploaded', 'downloaded'].includes(file.status));
    const tiles = shown.map((file) => this.#place(file));
    this.more.hidden = !this.next;
    this.more.disabled = false;
    await this.#picture(shown, tiles);
  }

  #place(file) {
    const name = file.capturedAt.slice(0, 7);
    if (!this.months.has(name)) {
      const grid = el('ul', { class: 'grid' });
      this.months.set(name, grid);
      this.list.append(el('section', {}, el('h2', {}, month(name)), grid));
    }
    const mark = { pending: TEXTS.markPending, uploaded: TEXTS.markCloud, downloaded: TEXTS.markHome }[file.status];
    const tile = el('li', { class: `tile ${file.status}` }, el('span', { class: 'file-name' }, file.name), el('span', { class: 'mark' }, mark));
    this.months.get(name).append(tile);
    return tile;
  }

  async #picture(files, tiles) {
    const wanted = files.map((file, at) => ({ file, tile: tiles[at] })).filter(({ file }) => file.previews.includes('256'));
    if (!wanted.length) return;
    const told = await this.api.post('files/links', { files: wanted.map(({ file }) => ({ fileId: file.fileId, variant: '256' })) });
    told.files.forEach((answer, at) => {
      const { file, tile } = wanted[at];
      if (answer.link) tile.prepend(el('img', { src: answer.link.url, alt: file.name, loading: 'lazy', decoding: 'async' }));
    });
  }
}
