/** Which files are chosen. Knows ids and their order alone, nothing of what is shown. */

export class Selection extends EventTarget {
  #ids = new Set();
  #anchor = null;
  #reached = [];

  get size() {
    return this.#ids.size;
  }

  has(id) {
    return this.#ids.has(id);
  }

  /** Choose one or let it go; from here the next span reaches. */
  toggle(id) {
    if (!this.#ids.delete(id)) this.#ids.add(id);
    this.#anchor = id;
    this.#reached = [];
    this.#changed();
  }

  /** Choose all from where the last one was chosen to here, instead of what the last span reached. */
  reach(id, order) {
    const from = order.indexOf(this.#anchor);
    if (from < 0) return this.toggle(id);
    const to = order.indexOf(id);
    for (const one of this.#reached) this.#ids.delete(one);
    this.#reached = order.slice(Math.min(from, to), Math.max(from, to) + 1).filter((one) => !this.#ids.has(one));
    for (const one of this.#reached) this.#ids.add(one);
    this.#ids.add(this.#anchor);
    this.#changed();
  }

  /** Choose all of these; all of them again lets them go. */
  toggleAll(ids) {
    const all = ids.every((id) => this.#ids.has(id));
    for (const id of ids) {
      if (all) this.#ids.delete(id);
      else this.#ids.add(id);
    }
    this.#changed();
  }

  /** Forget what is not there any more. */
  keep(order) {
    const there = new Set(order);
    const gone = [...this.#ids].filter((id) => !there.has(id));
    for (const id of gone) this.#ids.delete(id);
    if (gone.length) this.#changed();
  }

  clear() {
    if (!this.#ids.size) return;
    this.#ids.clear();
    this.#anchor = null;
    this.#reached = [];
    this.#changed();
  }

  ids() {
    return [...this.#ids];
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
