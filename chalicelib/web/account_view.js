/** Signing up and in: the forms before anything else. */

import { call } from './api.js';
import { el, field, form, show } from './dom.js';
import { explain } from './explain.js';
import { TEXTS } from './texts.js';

const email = (value = '') => field(TEXTS.email, { name: 'email', type: 'email', autocomplete: 'username', required: true, value });
const password = (label, autocomplete, hint) => field(label, { name: 'password', type: 'password', autocomplete, required: true }, hint);
const code = () => field(TEXTS.code, {
  name: 'code', inputmode: 'numeric', pattern: '[0-9]{6}', maxlength: 6, autocomplete: 'one-time-code', required: true,
});
const stay = () => el('label', { class: 'check' },
  el('input', { type: 'checkbox', name: 'stay', checked: true }), TEXTS.staySignedIn);

/** Shows one form after the other until somebody is signed in. */
export class AccountView {
  constructor(root, session, done) {
    Object.assign(this, { root, session, done });
  }

  signIn(given = '', note = '') {
    this.#show(TEXTS.signIn, note, {
      submit: TEXTS.signIn,
      children: [email(given), password(TEXTS.password, 'current-password'), stay()],
      ask: async (typed) => {
        const challenge = await this.session.signIn(typed.email, typed.password, Boolean(typed.stay));
        if (challenge) this.challenge(challenge.session, Boolean(typed.stay), typed.email);
        else this.done();
      },
    }, [TEXTS.signUp, () => this.signUp()], [TEXTS.haveCode, () => this.askForCode()], [TEXTS.forgot, () => this.forgot()]);
  }

  signUp() {
    this.#show(TEXTS.signUp, '', {
      submit: TEXTS.signUp,
      children: [email(), password(TEXTS.password, 'new-password', TEXTS.passwordRule)],
      ask: async (typed) => {
        await call('POST', 'auth/register', { email: typed.email, password: typed.password });
        this.confirm(typed.email, typed.password);
      },
    }, [TEXTS.back, () => this.signIn()]);
  }

  askForCode() {
    this.#show(TEXTS.confirmTitle, '', {
      submit: TEXTS.confirm,
      children: [email(), code()],
      ask: (typed) => this.#confirm(typed.email, typed.code),
    }, [TEXTS.back, () => this.signIn()]);
  }

  confirm(address, secret) {
    this.#show(TEXTS.confirmTitle, TEXTS.confirmHint(address), {
      submit: TEXTS.confirm,
      children: [code()],
      ask: (typed) => this.#confirm(address, typed.code, secret),
    }, [TEXTS.resend, () => this.#resend(address)], [TEXTS.back, () => this.signIn(address)]);
  }

  challenge(session, stays, address) {
    this.#show(TEXTS.challengeTitle, TEXTS.challengeHint, {
      submit: TEXTS.signIn,
      children: [code()],
      ask: async (typed) => {
        await this.session.answer(session, typed.code, stays, address);
        this.done();
      },
    }, [TEXTS.back, () => this.signIn()]);
  }

  forgot() {
    this.#show(TEXTS.forgotTitle, '', {
      submit: TEXTS.sendCode,
      children: [email()],
      ask: async (typed) => {
        await call('POST', 'auth/forgot', { email: typed.email });
        this.reset(typed.email);
      },
    }, [TEXTS.back, () => this.signIn()]);
  }

  reset(address) {
    this.#show(TEXTS.forgotTitle, TEXTS.confirmHint(address), {
      submit: TEXTS.setPassword,
      children: [code(), password(TEXTS.newPassword, 'new-password', TEXTS.passwordRule)],
      ask: async (typed) => {
        await call('POST', 'auth/reset', { email: address, code: typed.code, password: typed.password });
        this.signIn(address, TEXTS.passwordSet);
      },
    }, [TEXTS.back, () => this.signIn(address)]);
  }

  async #confirm(address, typed, secret) {
    await call('POST', 'auth/confirm', { email: address, code: typed });
    if (!secret) return this.signIn(address, TEXTS.confirmed);
    const challenge = await this.session.signIn(address, secret, true);
    if (challenge) this.challenge(challenge.session, true, address);
    else this.done();
  }

  async #resend(address) {
    const note = await call('POST', 'auth/resend', { email: address }).then(() => TEXTS.resent, explain);
    this.root.querySelector('.note').textContent = note;
  }

  #show(title, note, asked, ...others) {
    const heading = el('h1', { tabindex: -1 }, title);
    show(this.root, el('main', { class: 'account' },
      el('p', { class: 'brand' }, el('img', { src: 'web/icon.svg', alt: '', width: 48, height: 48 }), TEXTS.name),
      heading,
      title === TEXTS.signUp && el('p', { class: 'promise' }, TEXTS.promise),
      el('p', { class: 'note', role: 'status' }, note),
      form({ explain, ...asked }),
      el('div', { class: 'others' }, ...others.map(([text, onclick]) => el('button', { type: 'button', class: 'quiet', onclick }, text))),
    ));
    heading.focus();
  }
}
