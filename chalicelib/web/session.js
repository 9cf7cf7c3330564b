/**
 * Who is signed in. The access token lives in memory alone; the refresh token in sessionStorage, or in localStorage
 * where the person asked to stay signed in. No cookie: nothing is sent that no code of ours sends.
 */

import { ApiError, call } from './api.js';

const NAME = 'backhaul.refresh';
const ABOUT = 'backhaul.about';
const EARLY_MS = 60_000;

export class Session extends EventTarget {
  #access = '';
  #until = 0;
  #asking = null;

  get isOpen() {
    return Boolean(read());
  }

  /** Who signed in here and whether an authenticator app was asked for; the API tells neither afterwards. */
  get about() {
    return JSON.parse(localStorage.getItem(ABOUT) ?? sessionStorage.getItem(ABOUT) ?? '{}');
  }

  remember(about) {
    kept().setItem(ABOUT, JSON.stringify({ ...this.about, ...about }));
  }

  /** @returns {Promise<{session: string}|null>} what must still be answered, if anything */
  async signIn(email, password, stay) {
    const asked = this.#take(await call('POST', 'auth/login', { email, password }), stay);
    if (!asked) this.remember({ email });
    return asked;
  }

  async answer(session, code, stay, email) {
    const asked = this.#take(await call('POST', 'auth/challenge', { session, code }), stay);
    if (!asked) this.remember({ email });
    return asked;
  }

  /** A token that lives for a while yet. */
  async token() {
    return Date.now() < this.#until - EARLY_MS ? this.#access : this.freshToken();
  }

  /** A new token, asked for once however many wait for it, by one tab at a time: a used refresh token may be dead. */
  freshToken() {
    this.#asking ??= locked(() => this.#refresh()).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async signOut() {
    const refreshToken = read();
    this.#end('');
    if (refreshToken) await call('POST', 'auth/logout', { refreshToken }).catch(() => {});
  }

  /** There is nobody any more to be signed in as. */
  leave() {
    this.#end('closed');
  }

  async #refresh() {
    const refreshToken = read();
    try {
      if (!refreshToken) throw new ApiError(401, 'SessionEndedError', 'signed out');
      this.#take(await call('POST', 'auth/refresh', { refreshToken }), Boolean(localStorage.getItem(NAME)));
    } catch (error) {
      if (error.status === 401 || error.status === 400) this.#end(refreshToken ? 'ended' : '');
      throw error;
    }
    return this.#access;
  }

  #take(told, stay) {
    if (told.session) return told;
    this.#access = told.accessToken;
    this.#until = Date.now() + told.expiresIn * 1000;
    (stay ? sessionStorage : localStorage).removeItem(NAME);
    (stay ? localStorage : sessionStorage).setItem(NAME, told.refreshToken);
    return null;
  }

  #end(why) {
    this.#access = '';
    this.#until = 0;
    for (const storage of [sessionStorage, localStorage]) {
      storage.removeItem(NAME);
      storage.removeItem(ABOUT);
    }
    this.dispatchEvent(new CustomEvent('ended', { detail: why }));
  }
}

function read() {
  return localStorage.getItem(NAME) ?? sessionStorage.getItem(NAME);
}

function kept() {
  return localStorage.getItem(NAME) ? localStorage : sessionStorage;
}

function locked(ask) {
  return navigator.locks ? navigator.locks.request(NAME, ask) : ask();
}
