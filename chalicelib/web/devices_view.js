/** The owner's phones and PCs, and who asks to become one. */

import { el, facts, field, form, show } from './dom.js';
import { explain } from './explain.js';
import { icon } from './icons.js';
import { canScan, codeIn, scan } from './scan.js';
import { TEXTS, ago } from './texts.js';

const MOST_COUNTED = 100;
const LATE_MS = 24 * 3600 * 1000;
const ofCode = (error) => (error.code === 'NotFoundError' ? TEXTS.pairUnknown : explain(error));

export class DevicesView {
  constructor(root, api, code = '') {
    Object.assign(this, { root, api, code });
    this.note = el('p', { role: 'status', class: 'note' });
    this.pairing = el('section', { 'aria-labelledby': 'pair-title', class: 'card' });
    this.list = el('ul', { class: 'rows' });
  }

  async open() {
    const parts = this.code ? [this.pairing, this.list] : [this.list, this.pairing];
    show(this.root, el('h1', { tabindex: -1 }, TEXTS.devices), this.note, ...parts);
    if (this.code) this.#lookUp(this.code).catch((error) => this.#askForCode(ofCode(error)));
    else this.#askForCode();
    await this.#refresh();
  }

  close() {
    this.looking?.abort();
  }

  async #refresh() {
    const [{ devices }, { pcs }] = await Promise.all([this.api.get('devices'), this.api.get('analytics/overview')]);
    const here = devices.filter((device) => !device.revokedAt);
    await Promise.all(here.filter(({ kind }) => kind === 'pc').map((pc) => this.#count(pc)));
    for (const device of here) device.owedSince = pcs.find(({ deviceId }) => deviceId === device.deviceId)?.owedSince;
    const rank = ({ kind }) => (kind === 'pc' ? 0 : 1);
    here.sort((one, other) => rank(one) - rank(other));
    show(this.list, ...here.map((device) => this.#row(device)), !here.length && el('li', { class: 'hint' }, TEXTS.noDevices));
  }

  /** Count what a PC is owed now, where that is little; else its own last word has to do. */
  async #count(pc) {
    const told = await this.api.get(`devices/${pc.deviceId}/owed?limit=${MOST_COUNTED}`);
    pc.owed = told.next ? Math.max(pc.owed ?? 0, told.files.length) : told.files.length;
  }

  #askForCode(note = '') {
    this.code = '';
    const given = { name: 'code', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', maxlength: 300, required: true };
    show(this.pairing,
      el('h2', { id: 'pair-title' }, TEXTS.pairTitle),
      el('p', {}, TEXTS.pairHint),
      note && el('p', { role: 'alert', class: 'alert' }, note),
      canScan() && el('button', { type: 'button', class: 'scan', onclick: () => this.#scan() }, TEXTS.scan),
      form({ explain: ofCode, submit: TEXTS.pairLook, children: [field(TEXTS.pairCode, given)], ask: ({ code }) => this.#lookUp(codeIn(code) || code) }));
  }

  /** The camera is asked for only here, when somebody touched the button. */
  async #scan() {
    this.looking = new AbortController();
    const note = el('p', { role: 'status', class: 'hint' }, TEXTS.scanHint);
    const video = el('video', { class: 'camera', muted: true, playsinline: true });
    show(this.pairing, el('h2', { id: 'pair-title' }, TEXTS.pairTitle), video, note,
      el('button', { type: 'button', onclick: () => this.looking.abort() }, TEXTS.scanStop));
    let code = '';
    try {
      code = await scan(video, this.looking.signal, () => { note.textContent = TEXTS.scanNothing; });
    } catch {
      return this.#askForCode(TEXTS.scanDenied);
    }
    if (!code) return this.#askForCode();
    await this.#lookUp(code).catch((error) => this.#askForCode(ofCode(error)));
  }

  async #lookUp(code) {
    const asks = await this.api.get(`pairings/${encodeURIComponent(code.trim())}`);
    const decide = (approve, text) => async () => {
      try {
        await this.api.post('pairings/approve', { userCode: code.trim(), approve });
        this.note.textContent = text(asks.name);
        this.#askForCode();
        await this.#refresh();
      } catch (error) {
        this.#askForCode(ofCode(error));
      }
    };
    const title = el('h2', { id: 'pair-title', tabindex: -1 }, TEXTS.pairAsk(asks.name));
    show(this.pairing, title,
      el('p', {}, TEXTS.pairWho[asks.kind]),
      el('p', { class: 'user-code' }, code.trim().toUpperCase()),
      facts([[TEXTS.platform, asks.platform || '–'], [TEXTS.address, asks.address]]),
      el('p', { class: 'warning' }, TEXTS.pairWarning),
      el('div', { class: 'actions' },
        el('button', { type: 'button', class: 'main', onclick: decide(true, TEXTS.approved) }, TEXTS.approve),
        el('button', { type: 'button', onclick: decide(false, TEXTS.denied) }, TEXTS.deny)));
    title.focus();
  }

  #row(device) {
    const lines = [TEXTS.kind[device.kind], device.platform, device.lastSeenAt ? TEXTS.lastSeen(ago(device.lastSeenAt)) : TEXTS.neverSeen];
    if (device.kind === 'pc') lines.push(owedTo(device));
    if (device.freeBytes !== undefined && device.freeBytes !== null) lines.push(TEXTS.room(device.freeBytes));
    const actions = el('div', { class: 'actions' });
    const row = el('li', { class: 'card device' }, icon(device.kind === 'pc' ? 'pc' : 'phone', 28),
      el('div', {}, el('h2', {}, device.name), el('p', { class: 'hint' }, lines.filter(Boolean).join(' · ')),
        isBehind(device) && el('p', { class: 'behind' }, TEXTS.behind(ago(device.owedSince)))), actions);
    this.#offer(device, row, actions);
    return row;
  }

  #offer(device, row, actions) {
    const named = (text) => ({ type: 'button', class: 'quiet', 'aria-label': `${text}: ${device.name}` });
    show(actions,
      el('button', { ...named(TEXTS.rename), onclick: () => this.#rename(device, actions, () => this.#offer(device, row, actions)) }, TEXTS.rename),
      el('button', { ...named(TEXTS.revoke), onclick: () => this.#revoke(device, actions, () => this.#offer(device, row, actions)) }, TEXTS.revoke));
  }

  #rename(device, actions, back) {
    const ask = async ({ name }) => {
      await this.api.patch(`devices/${device.deviceId}`, { name });
      await this.#refresh();
    };
    const given = { name: 'name', maxlength: 80, required: true, value: device.name, id: `name-${device.deviceId}` };
    const label = el('label', { for: given.id }, TEXTS.newName);
    show(actions, form({ explain, submit: TEXTS.save, ask, children: [el('div', { class: 'field' }, label, el('input', given))] }),
      el('button', { type: 'button', class: 'quiet', onclick: back }, TEXTS.cancel));
    actions.querySelector('input').focus();
  }

  #revoke(device, actions, back) {
    const ask = async () => {
      await this.api.delete(`devices/${device.deviceId}`);
      this.note.textContent = TEXTS.revoked(device.name);
      await this.#refresh();
    };
    show(actions, form({ explain, submit: TEXTS.revoke, ask, children: [el('p', {}, TEXTS.revokeAsk(device.name))] }),
      el('button', { type: 'button', class: 'quiet', onclick: back }, TEXTS.cancel));
  }
}

/** A PC that is switched off over night is not behind. */
function isBehind({ owedSince }) {
  return Boolean(owedSince) && Date.now() - Date.parse(owedSince) > LATE_MS;
}

function owedTo(device) {
  if (device.catchingUp) return TEXTS.catchingUp(device.catchingUp.owedSoFar);
  return device.owed ? TEXTS.owed(device.owed) : TEXTS.owedNone;
}
