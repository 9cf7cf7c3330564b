/** Albums: those there are, their names and what may be done with them; and the room that shows them all. */

import { ApiError } from './api.js';
import { ask, askForName, choose } from './dialogs.js';
import { el, show } from './dom.js';
import { explain } from './explain.js';
import { glyph } from './glyphs.js';
import { Slots } from './slots.js';
import { TEXTS, files } from './texts.js';

const { look } = TEXTS;
const COVERS_AT_ONCE = 3;

export class Albums {
  constructor(api) {
    this.api = api;
  }

  /** Every album, those made last first. */
  async every() {
    const all = [];
    let next;
    do {
      const told = await this.api.get(`albums?limit=100${next ? `&next=${encodeURIComponent(next)}` : ''}`);
      all.push(...told.albums);
      next = told.next;
    } while (next);
    return all;
  }

  async find(albumId) {
    return (await this.every()).find((album) => album.albumId === albumId);
  }

  make() {
    return askForName({ title: look.newAlbum, label: look.albumName, yes: look.makeAlbum, act: (name) => this.api.post('albums', { name }) });
  }

  rename(album) {
    const act = async (name) => {
      const edit = (version) => this.api.patch(`albums/${album.albumId}`, { name, version });
      return edit(album.version).catch((error) => {
        if (!(error instanceof ApiError) || error.code !== 'AlbumChangedError') throw error;
        return edit(error.details.version);
      });
    };
    return askForName({ title: look.renameAlbum, label: look.albumName, value: album.name, yes: TEXTS.save, act });
  }

  /** Remove an album, if that is really wanted. @returns {Promise<boolean>} */
  async remove(album) {
    if (!(await ask({ title: look.removeAlbumAsk(album.name), text: look.removeAlbumText, yes: look.removeAlbum }))) return false;
    await this.api.delete(`albums/${album.albumId}`);
    return true;
  }

  /** Let an album be chosen, or made. @returns {Promise<object|null>} */
  async choose() {
    const all = await this.every();
    if (!all.length) return this.make();
    const options = [{ label: look.newAlbum, value: 'new', icon: glyph('add') }, ...all.map((album) => ({ label: album.name, value: album, icon: glyph('albums') }))];
    const chosen = await choose({ title: look.chooseAlbum, options });
    return chosen === 'new' ? this.make() : chosen;
  }
}

export class AlbumsRoom {
  #ended = false;
  #slots = new Slots(COVERS_AT_ONCE);

  constructor({ root, api, albums, links }) {
    Object.assign(this, { root, api, albums, links });
  }

  async open() {
    this.list = el('ul', { class: 'albums', 'aria-label': look.albums });
    this.note = el('p', { class: 'note', role: 'status' }, TEXTS.working);
    const make = el('button', { type: 'button', onclick: () => this.#make() }, glyph('add'), look.newAlbum);
    show(this.root, el('div', { class: 'room-head' }, make), this.note, this.list);
    await this.#read();
  }

  close() {
    this.#ended = true;
  }

  async #read() {
    try {
      const all = await this.albums.every();
      if (this.#ended) return;
      this.note.textContent = all.length ? '' : look.noAlbums;
      show(this.list, ...all.map((album) => this.#card(album)));
    } catch (error) {
      if (this.#ended) return;
      show(this.note, el('span', { role: 'alert', class: 'alert' }, explain(error)), el('button', { type: 'button', onclick: () => this.#read() }, TEXTS.tryAgain));
    }
  }

  #card(album) {
    const cover = el('span', { class: 'cover' }, glyph('albums'));
    if (album.files) this.#slots.run(() => this.#cover(album, cover)).catch(() => {});
    return el('li', {}, el('a', { href: `#library/albums/${album.albumId}` }, cover,
      el('span', { class: 'album-name' }, album.name), el('span', { class: 'hint' }, files(album.files))));
  }

  async #cover(album, cover) {
    if (this.#ended) return;
    const told = await this.api.get(`albums/${album.albumId}/files?limit=10`);
    const file = told.files.find(({ previews }) => previews.includes('256'));
    const answer = file && await this.links.get(file.fileId, '256');
    if (answer?.link) show(cover, el('img', { src: answer.link.url, alt: '', decoding: 'async' }));
  }

  async #make() {
    const made = await this.albums.make();
    if (made) location.hash = `#library/albums/${made.albumId}`;
  }
}
