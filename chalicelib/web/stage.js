/** Shows a file itself: the picture, the video, or why there is nothing to be seen and where it is instead. */

import { el, show } from './dom.js';
import { explain } from './explain.js';
import { glyph } from './glyphs.js';
import { TEXTS } from './texts.js';
import { kindOf } from './tile.js';

const { look } = TEXTS;
const LARGE = '1600';
/** What every browser shows by itself, where no preview was made. */
const SHOWN = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif', 'image/bmp']);

export class Stage {
  #turn = 0;

  constructor({ links, deeds }) {
    Object.assign(this, { links, deeds });
    this.element = el('div', { class: 'stage' });
  }

  show(file) {
    this.file = file;
    const turn = this.#turn += 1;
    this.element.querySelector('video, audio')?.pause();
    show(this.element, this.#small(file), el('p', { class: 'unseen', role: 'status' }, TEXTS.working));
    this.#fill(file, () => turn === this.#turn).catch((error) => turn === this.#turn && this.#tell(file, explain(error), this.#again(file)));
  }

  clear() {
    this.#turn += 1;
    this.file = undefined;
    this.element.querySelector('video, audio')?.pause();
    show(this.element);
  }

  drag(x) {
    const shown = this.element.querySelector('.large') ?? this.element.firstElementChild;
    if (shown) shown.style.transform = x ? `translateX(${x}px)` : '';
  }

  /** Have a neighbour's picture ready before it is asked for. */
  prepare(file) {
    if (!file?.previews.includes(LARGE)) return;
    this.links.get(file.fileId, LARGE).then(({ link }) => {
      if (link) new Image().src = link.url;
    }, () => {});
  }

  /** A button that asks a PC to send a file's cloud copy anew. */
  recaller(file) {
    const said = el('p', { role: 'status' });
    const button = el('button', { type: 'button', onclick: async () => {
      button.disabled = true;
      try {
        said.textContent = await this.deeds.recall(file);
      } catch (error) {
        said.textContent = explain(error);
        button.disabled = false;
      }
    } }, look.recall);
    return el('div', { class: 'recall' }, button, said);
  }

  #small(file) {
    const src = this.links.find(file.fileId);
    return src && kindOf(file) !== 'audio' ? el('img', { class: 'small', src, alt: '' }) : null;
  }

  async #fill(file, isShown) {
    const kind = kindOf(file);
    if (file.status === 'pending') return this.#tell(file, look.notSent);
    if (kind === 'video' || kind === 'audio') return this.#play(file, kind, isShown);
    const variant = file.previews.includes(LARGE) ? LARGE : file.previews.at(-1);
    if (!variant && !SHOWN.has(file.type)) return this.#tell(file, look.noPreview);
    const answer = await this.links.get(file.fileId, variant ?? 'original');
    if (!isShown()) return undefined;
    if (!answer.link) return this.#refused(file, answer);
    const image = el('img', { class: 'large', alt: file.name, draggable: 'false' });
    image.addEventListener('load', () => isShown() && show(this.element, image));
    image.addEventListener('error', () => isShown() && this.#broken(file, variant ?? 'original'));
    image.src = answer.link.url;
    return undefined;
  }

  async #play(file, kind, isShown) {
    const answer = await this.links.get(file.fileId, 'original');
    if (!isShown()) return;
    if (!answer.link) {
      this.#refused(file, answer);
      return;
    }
    const poster = file.previews.includes(LARGE) ? (await this.links.get(file.fileId, LARGE).catch(() => ({}))).link?.url : undefined;
    if (!isShown()) return;
    const player = el(kind, { class: 'large', controls: true, playsinline: true, preload: 'metadata', poster, 'aria-label': file.name });
    player.addEventListener('error', () => isShown() && this.#tell(file, look.unplayable, this.#again(file, 'original')));
    player.src = answer.link.url;
    show(this.element, player);
  }

  #refused(file, answer) {
    if (answer.reason !== 'onlyAtHome') return this.#tell(file, { notHere: look.notSent, noPreview: look.noPreview }[answer.reason] ?? look.unknownFile);
    const names = (answer.homes ?? []).map(({ name }) => name || look.removedPc);
    return this.#tell(file, names.length ? look.onlyAtHome(names) : look.nowhere, names.length > 0 && this.recaller(file));
  }

  #broken(file, variant) {
    this.#tell(file, look.pictureFailed, this.#again(file, variant));
  }

  #again(file, variant) {
    return el('button', { type: 'button', onclick: () => {
      if (variant) this.links.forget(file.fileId, variant);
      this.show(file);
    } }, TEXTS.tryAgain);
  }

  /** Say it plainly, over whatever small picture there is. */
  #tell(file, text, more) {
    const kind = kindOf(file);
    show(this.element, this.#small(file), el('div', { class: 'told' },
      glyph(kind === 'video' ? 'play' : kind === 'image' ? 'photos' : 'file'), el('p', { role: 'alert' }, text), more));
  }
}
