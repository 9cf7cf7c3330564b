/** The library and its rooms: all pictures, albums, favourites, search, trash. The address tells which one is open. */

import { Albums, AlbumsRoom } from './albums.js';
import { Deeds } from './deeds.js';
import { el, show } from './dom.js';
import { explain } from './explain.js';
import { glyph } from './glyphs.js';
import { PictureLinks } from './picture_links.js';
import { SearchRoom } from './search_room.js';
import { ShelfRoom } from './shelf_room.js';
import { TEXTS } from './texts.js';

const { look } = TEXTS;
const ROOMS = [['', 'photos'], ['albums', 'albums'], ['favourites', 'heart'], ['search', 'search'], ['trash', 'trash']];
const SEEN = new Set(['pending', 'uploaded', 'downloaded', 'lost']);

export class Library {
  #names = null;

  constructor(root, api) {
    Object.assign(this, { root, api });
    this.links = new PictureLinks(api);
    this.deeds = new Deeds(api);
    this.albums = new Albums(api);
    this.title = el('h1', { tabindex: -1 });
    this.place = el('div', { class: 'room' });
    this.rooms = el('div', { role: 'navigation', class: 'rooms', 'aria-label': look.rooms }, ...ROOMS.map(([name, icon]) => el('a', { href: `#library${name && `/${name}`}`, 'data-room': name }, glyph(icon), look.roomNames[name || 'photos'])));
  }

  async open(path) {
    show(this.root, el('div', { class: 'library' }, this.title, this.rooms, this.place));
    await this.go(path);
  }

  /** Go into another room; what goes wrong in it is told there. */
  async go([name = '', id] = []) {
    this.room?.close();
    const known = ROOMS.some(([room]) => room === name) ? name : '';
    for (const link of this.rooms.children) {
      if (link.dataset.room === known) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    this.title.textContent = known ? look.roomNames[known] : TEXTS.library;
    scrollTo(0, 0);
    const root = el('div', {});
    show(this.place, root);
    const room = this.#room(known, id, root);
    this.room = room;
    try {
      await room.open(...(room.heads ?? []));
    } catch (error) {
      if (room === this.room) root.prepend(el('p', { role: 'alert', class: 'alert' }, explain(error)), el('button', { type: 'button', onclick: () => this.go([name, id]) }, TEXTS.tryAgain));
    }
  }

  close() {
    this.room?.close();
    this.links.end();
  }

  /** What PCs are called: asked for once, and again if that failed. */
  names() {
    this.#names ??= this.api.get('devices').then(({ devices }) => new Map(devices.map(({ deviceId, name }) => [deviceId, name])));
    this.#names.catch(() => {
      this.#names = null;
    });
    return this.#names;
  }

  #room(name, id, root) {
    const { api, links, deeds, albums } = this;
    const given = { root, api, links, deeds, albums, names: () => this.names(), kind: name || 'photos', label: look.roomNames[name || 'photos'], empty: look.empty[name || 'photos'] };
    if (name === 'search') return new SearchRoom(given);
    if (name === 'albums') return id ? this.#album(given, id) : new AlbumsRoom(given);
    if (name === 'trash') return this.#trash(given);
    const query = name === 'favourites' ? '&favourite=true' : '';
    return new ShelfRoom({ ...given, ask: lister(api, 'files', query) });
  }

  #trash(given) {
    const room = new ShelfRoom({ ...given, ask: lister(this.api, 'files', '&status=trashed') });
    const all = el('button', { type: 'button', hidden: true, onclick: () => this.#emptyTrash(room) }, glyph('trash'), look.emptyTrash);
    room.heads = [el('div', { class: 'room-head' }, el('p', { class: 'hint' }, look.trashHint), all)];
    room.onchange = () => {
      all.hidden = !room.shelf.files.length || !room.shelf.done;
    };
    return room;
  }

  async #emptyTrash(room) {
    const purge = room.actions([]).find(({ name }) => name === 'purge');
    room.selection.clear();
    room.tell(await purge.run(room.shelf.files).catch((error) => ({ text: explain(error) })));
  }

  #album(given, albumId) {
    const room = new ShelfRoom({ ...given, albumId, label: look.albums, empty: look.empty.album, ask: lister(this.api, `albums/${encodeURIComponent(albumId)}/files`, '', 100) });
    const head = el('div', { class: 'room-head' }, el('a', { href: '#library/albums', class: 'button quiet' }, glyph('left'), look.albums));
    room.heads = [head];
    this.#nameAlbum(room, albumId, head);
    return room;
  }

  async #nameAlbum(room, albumId, head) {
    const album = await this.albums.find(albumId).catch(() => null);
    if (!album || room !== this.room) return;
    const named = (one) => {
      this.title.textContent = one.name;
      room.timeline?.element.setAttribute('aria-label', one.name);
      Object.assign(album, one);
    };
    const act = (run) => () => run().catch((error) => room.tell({ text: explain(error) }));
    const rename = act(async () => {
      const renamed = await this.albums.rename(album);
      if (renamed) named(renamed);
    });
    const remove = act(async () => {
      if (await this.albums.remove(album)) location.hash = '#library/albums';
    });
    named(album);
    head.append(el('span', { class: 'gap' }),
      el('button', { type: 'button', class: 'quiet', onclick: rename }, glyph('pen'), TEXTS.rename),
      el('button', { type: 'button', class: 'quiet', onclick: remove }, glyph('trash'), look.remove));
  }
}

/** Reads pages of a list; what was refused or is not there any more is left out. */
function lister(api, path, query = '', most = 500) {
  return async ({ limit, next }) => {
    const told = await api.get(`${path}?limit=${Math.min(most, limit)}${query}${next ? `&next=${encodeURIComponent(next)}` : ''}`);
    return query.includes('status=') ? told : { ...told, files: told.files.filter(({ status }) => SEEN.has(status)) };
  };
}
