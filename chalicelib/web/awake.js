/** Keeps the screen on while something is sent: a phone that locks stops a page. */

export class Awake {
  #lock = null;
  #wanted = false;

  constructor() {
    document.addEventListener('visibilitychange', () => this.#apply());
  }

  want(wanted) {
    if (this.#wanted === wanted) return;
    this.#wanted = wanted;
    this.#apply();
  }

  async #apply() {
    if (!this.#wanted) {
      this.#lock?.release().catch(() => {});
      this.#lock = null;
    } else if (document.visibilityState === 'visible') {
      this.#lock = await navigator.wakeLock?.request('screen').catch(() => null);
    }
  }
}
