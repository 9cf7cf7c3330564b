/** How an owner proves to be the owner: password, authenticator app; and the way out. */

import { el, field, form, show, svg } from './dom.js';
import { explain } from './explain.js';
import { qr } from './qr.js';
import { TEXTS } from './texts.js';

const MARGIN = 4;
const secret = (name, label, autocomplete, hint) => field(label, { name, type: 'password', autocomplete, required: true }, hint);
const six = () => field(TEXTS.code, {
  name: 'code', inputmode: 'numeric', pattern: '[0-9]{6}', maxlength: 6, autocomplete: 'one-time-code', required: true,
});

export class SecurityView {
  constructor(root, api, session) {
    Object.assign(this, { root, api, session });
    this.note = el('p', { role: 'status', class: 'note' });
    this.second = el('section', { class: 'card' });
    this.password = el('section', { class: 'card' });
    this.end = el('section', { class: 'card' });
  }

  async open() {
    show(this.root, this.note, this.second, this.password, this.end);
    this.#offerPassword();
    this.#offerEnd();
    // Asked for here alone, since it costs a question more; it may have been turned on or off somewhere else.
    this.isOn = (await this.api.get('me?with=mfa')).mfa;
    this.#offerSecond();
  }

  #offerPassword() {
    const made = form({
      explain,
      submit: TEXTS.change,
      kind: '',
      children: [secret('password', TEXTS.oldPassword, 'current-password'), secret('newPassword', TEXTS.newPassword, 'new-password', TEXTS.passwordRule)],
      ask: async ({ password, newPassword }) => {
        await this.api.post('auth/password', { password, newPassword });
        made.reset();
        this.#say(TEXTS.passwordChanged);
      },
    });
    show(this.password, el('h2', {}, TEXTS.passwordTitle), made);
  }

  #offerSecond() {
    const { isOn } = this;
    const begin = () => this.#setUp().catch((error) => this.#say(explain(error)));
    show(this.second, el('h2', {}, TEXTS.secondTitle), el('p', {}, isOn ? TEXTS.secondOn : TEXTS.secondOff),
      el('div', { class: 'actions' },
        isOn ? el('button', { type: 'button', onclick: () => this.#remove() }, TEXTS.secondRemove)
          : el('button', { type: 'button', onclick: begin }, TEXTS.secondSetUp)));
  }

  async #setUp() {
    const told = await this.api.post('auth/mfa');
    const key = el('p', { class: 'secret' }, told.secret.replace(/(.{4})(?=.)/g, '$1 '));
    const copy = async ({ target }) => {
      await navigator.clipboard?.writeText(told.secret);
      target.textContent = TEXTS.copied;
    };
    show(this.second, el('h2', { tabindex: -1 }, TEXTS.secondTitle),
      el('ol', { class: 'steps' }, ...TEXTS.secondSteps.map((step) => el('li', {}, step))),
      picture(told.uri), el('h3', {}, TEXTS.secondKey), key,
      el('button', { type: 'button', class: 'quiet', onclick: copy }, TEXTS.copy),
      form({
        explain,
        submit: TEXTS.confirm,
        children: [six()],
        ask: async ({ code }) => {
          await this.api.post('auth/mfa/verify', { code });
          this.#settled(true, TEXTS.secondDone);
        },
      }),
      this.#cancel(() => this.#offerSecond()));
    this.second.querySelector('h2').focus();
  }

  #remove() {
    show(this.second, el('h2', {}, TEXTS.secondTitle), form({
      explain,
      submit: TEXTS.secondRemove,
      kind: '',
      children: [el('p', {}, TEXTS.secondAsk), secret('mfaPassword', TEXTS.password, 'current-password')],
      ask: async ({ mfaPassword }) => {
        await this.api.delete('auth/mfa', { password: mfaPassword });
        this.#settled(false, TEXTS.secondGone);
      },
    }), this.#cancel(() => this.#offerSecond()));
    this.second.querySelector('input').focus();
  }

  #settled(isOn, said) {
    this.isOn = isOn;
    this.#offerSecond();
    this.#say(said);
  }

  #offerEnd() {
    const ask = () => this.#askToClose().catch((error) => this.#say(explain(error)));
    show(this.end, el('h2', {}, TEXTS.closeTitle),
      el('button', { type: 'button', class: 'bad', onclick: ask }, TEXTS.closeBegin));
  }

  /** Say what follows, and have it typed: no thumb closes an account by chance. */
  async #askToClose() {
    const { usage } = await this.api.get('me');
    const left = (usage?.uploadedFiles ?? 0) + (usage?.pendingFiles ?? 0);
    show(this.end, el('h2', { tabindex: -1 }, TEXTS.closeTitle),
      el('ul', {}, ...TEXTS.closeWhat.map((line) => el('li', {}, line))),
      left > 0 && el('p', { class: 'alert' }, TEXTS.closeNotHome(left)),
      form({
        explain: (error) => (error instanceof RangeError ? TEXTS.closeMistyped : explain(error)),
        submit: TEXTS.closeNow,
        kind: 'bad',
        children: [
          field(TEXTS.closeType(TEXTS.closeWord), { name: 'word', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', required: true }),
          secret('closePassword', TEXTS.password, 'current-password'),
        ],
        ask: async ({ word, closePassword }) => {
          if (word.trim().toUpperCase() !== TEXTS.closeWord) throw new RangeError(word);
          await this.api.delete('me', { password: closePassword });
          this.session.leave();
        },
      }),
      this.#cancel(() => this.#offerEnd()));
    this.end.querySelector('h2').focus();
  }

  #cancel(onclick) {
    return el('button', { type: 'button', class: 'quiet', onclick }, TEXTS.cancel);
  }

  #say(text) {
    this.note.textContent = text;
    this.note.scrollIntoView({ block: 'center' });
  }
}

function picture(text) {
  const modules = qr(text);
  const side = modules.length + 2 * MARGIN;
  const line = modules.flatMap((row, y) => row.map((on, x) => (on ? `M${x + MARGIN} ${y + MARGIN}h1v1h-1z` : ''))).join('');
  return svg('svg', { class: 'qr', viewBox: `0 0 ${side} ${side}`, role: 'img', 'aria-label': TEXTS.secondPicture, 'shape-rendering': 'crispEdges' },
    svg('path', { d: line, fill: '#000' }));
}
