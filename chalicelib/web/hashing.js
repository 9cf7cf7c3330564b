/** Has blobs hashed by workers, two at a time: one may be a long video. */

import { script } from './trusted.js';

export class Hashing {
  #workers = [];
  #turn = 0;
  #next = 1;
  #waiting = new Map();

  constructor(workers = 2) {
    this.count = workers;
  }

  /**
   * @param {Blob} blob
   * @param {(read: number) => void} [told]
   * @returns {Promise<string>} sha256 in lower hex
   */
  digest(blob, told = () => {}) {
    while (this.#workers.length < this.count) this.#workers.push(this.#start());
    const id = this.#next++;
    this.#turn = (this.#turn + 1) % this.count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, told });
      this.#workers[this.#turn].postMessage({ id, blob });
    });
  }

  #start() {
    const worker = new Worker(script('hash_worker.js'), { type: 'module' });
    worker.addEventListener('message', ({ data }) => this.#answered(data));
    worker.addEventListener('error', () => this.#died());
    return worker;
  }

  #answered({ id, read, sha256, error }) {
    const asked = this.#waiting.get(id);
    if (!asked) return;
    if (read !== undefined) return asked.told(read);
    this.#waiting.delete(id);
    if (error) asked.reject(new Error(error));
    else asked.resolve(sha256);
  }

  #died() {
    for (const { reject } of this.#waiting.values()) reject(new Error('the worker ended'));
    this.#waiting.clear();
    for (const worker of this.#workers.splice(0)) worker.terminate();
  }
}
