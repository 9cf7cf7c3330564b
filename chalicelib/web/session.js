/**
 * Who is signed in. The access token lives in memory alone; the refresh token in sessionStorage, or in localStorage
 * where the person asked to stay signed in. No cookie: nothing is sent that no code of ours sends.
 */

import { ApiError, call } from './api.js';

const NAME = 'backhaul.refresh';
const EARLY_MS = 60_000;

export class Session extends EventTarget {
  #access = '';
  #until = 0;
  #asking = null;

  get isOpen() {
    return Boolean(read());
  }

  /** @returns {Promise<{session: string}|null>} what must still be answered, if anything */
  async signIn(email, password, stay) {
    return this.#take(await call('POST', 'auth/login', { email, password }), stay);
  }

  async answer(session, code, stay) {
    return this.#take(await call('POST', 'auth/challenge', { session, code }), stay);
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
    this.#end();
    if (refreshToken) await call('POST', 'auth/logout', { refreshToken }).catch(() => {});
  }

  async #refresh() {
    const refreshToken = read();
    try {
      if (!refreshToken) throw new ApiError(401, 'SessionEndedError', 'signed out');
      this.#take(await call('POST', 'auth/refresh', { refreshToken }), Boolean(localStorage.getItem(NAME)));
    } catch (error) {
      if (error.status === 401 || error.status === 400) this.#end();
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

  #end() {
    this.#access = '';
    this.#until = 0;
    sessionStorage.removeItem(NAME);
    localStorage.removeItem(NAME);
    this.dispatchEvent(new Event('ended'));
  }
}

function read() {
  return localStorage.getItem(NAME) ?? sessionStorage.getItem(NAME);
}

function locked(ask) {
  return navigator.locks ? navigator.locks.request(NAME, ask) : ask();
}
