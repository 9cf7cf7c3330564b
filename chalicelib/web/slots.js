/** Who may go now, and waiting that can be called off. */

export class Slots {
  #free;
  #waiting = [];

  constructor(most) {
    this.#free = most;
  }

  /** Run when a slot is free; those who came first go first. */
  async run(work) {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/** Wait, at most until the line is back if it was gone. */
export function asleep(milliseconds, signal) {
  if (milliseconds === 0 && !signal.aborted) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const end = (settle) => () => {
      clearTimeout(timer);
      removeEventListener('online', wake);
      signal.removeEventListener('abort', stop);
      settle(signal.reason);
    };
    const wake = end(resolve);
    const stop = end(reject);
    const timer = setTimeout(wake, milliseconds);
    addEventListener('online', wake);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
}
