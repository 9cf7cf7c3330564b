/**
 * What was begun and has not arrived, written down so that a reload, a lock or a flat battery costs nothing but choosing
 * the same files again: contents are not kept twice on a phone. Holds names, sizes and hashes; never contents or tokens.
 */

const NAME = 'backhaul';
const STORE = 'begun';

export class Ledger {
  #opened = null;

  /** @param {{key: string, name: string, sha256: string, ownerId: string}} entry */
  write(entry) {
    return this.#do('readwrite', (store) => store.put(entry));
  }

  find(key) {
    return this.#do('readonly', (store) => store.get(key));
  }

  every() {
    return this.#do('readonly', (store) => store.getAll());
  }

  strike(key) {
    return this.#do('readwrite', (store) => store.delete(key));
  }

  clear() {
    return this.#do('readwrite', (store) => store.clear());
  }

  async #do(mode, ask) {
    this.#opened ??= open();
    const database = await this.#opened;
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const asked = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }
}

function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: 'key' });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
