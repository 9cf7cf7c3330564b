/** The door to the library. What is behind it is fetched when somebody goes in: nobody waits for it who only sends. */

import { BASE } from './api.js';
import { el, show } from './dom.js';
import { TEXTS } from './texts.js';

const STYLE = 'web/library.css';

export class LibraryView {
  name = 'library';
  #inner = null;
  #closed = false;

  constructor(root, api, path = []) {
    Object.assign(this, { root, api, path });
  }

  async open() {
    show(this.root, el('h1', { tabindex: -1 }, TEXTS.library), el('p', { role: 'status' }, TEXTS.working));
    try {
      const [{ Library }] = await Promise.all([import('./library.js'), styled()]);
      if (this.#closed) return;
      this.#inner = new Library(this.root, this.api);
    } catch {
      if (!this.#closed) this.#failed();
      return;
    }
    await this.#inner.open(this.path);
  }

  /** Go somewhere else within. */
  go(path) {
    this.path = path;
    this.#inner?.go(path);
    this.root.querySelector('h1')?.focus({ preventScroll: true });
  }

  close() {
    this.#closed = true;
    this.#inner?.close();
  }

  #failed() {
    show(this.root, el('h1', { tabindex: -1 }, TEXTS.library), el('p', { role: 'alert', class: 'alert' }, TEXTS.unreachable),
      el('button', { type: 'button', onclick: () => this.open() }, TEXTS.tryAgain));
  }
}

/** Have the styles of these rooms before anything of them is shown. */
function styled() {
  if (document.querySelector(`link[href$="${STYLE}"]`)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const link = el('link', { rel: 'stylesheet', href: new URL(STYLE, BASE).href });
    link.addEventListener('load', resolve);
    link.addEventListener('error', () => {
      link.remove();
      reject(new Error('no styles'));
    });
    document.head.append(link);
  });
}
