/** The first screen: what is safe, what is on its way, what needs somebody; and the way to send more. */

import { el, show, svg } from './dom.js';
import { icon } from './icons.js';
import { sum } from './plan.js';
import { SendingView } from './sending_view.js';
import { standing } from './standing.js';
import { TEXTS, ago, count, size } from './texts.js';
import { waitingList } from './waiting.js';

const LOOK_MS = 5000;
const MOST_NAMES = 3;
const RADIUS = 66;
const DRAWINGS = { nothing: 'home', home: 'check', onTheWay: 'cloud' };

export class HomeView {
  #timer = 0;

  constructor(root, api, uploads, ledger) {
    Object.assign(this, { root, api, uploads, ledger });
    this.status = el('section', { class: 'status', 'aria-live': 'polite' }, el('p', {}, TEXTS.working));
    this.troubles = el('section', {});
    this.waiting = el('section', {});
    this.unfinished = el('section', {});
    this.sending = new SendingView(uploads, () => this.#settled());
  }

  async open() {
    show(this.root, el('h1', { tabindex: -1, class: 'unseen' }, TEXTS.home),
      this.status, this.#picker(), this.unfinished, this.sending.root, this.troubles, this.waiting);
    this.sending.open();
    await Promise.all([this.#look(), this.#tellUnfinished()]);
  }

  close() {
    clearTimeout(this.#timer);
    this.sending.close();
  }

  #picker() {
    const input = el('input', { type: 'file', multiple: true, id: 'files', class: 'unseen', 'aria-describedby': 'files-hint' });
    input.addEventListener('change', () => {
      this.uploads.add(input.files);
      show(this.unfinished);
      input.value = '';
    });
    return el('section', { class: 'picker' }, input, el('label', { for: 'files', class: 'main button' }, icon('plus'), TEXTS.choose),
      el('p', { id: 'files-hint', class: 'hint' }, TEXTS.chooseHint));
  }

  #settled() {
    this.#look().catch(() => {});
  }

  async #look() {
    clearTimeout(this.#timer);
    try {
      const me = await this.api.get('me');
      this.#tell(standing(me, Date.now()), me);
    } finally {
      if (this.root.contains(this.status)) this.#timer = setTimeout(() => this.#look().catch(() => {}), LOOK_MS);
    }
  }

  /** What has not changed is left as it is: a screen reader would say it again, and an open list would close. */
  #tell(told, me) {
    const busy = sum(this.uploads.entries).busy;
    const said = JSON.stringify([told, busy]);
    if (this.said === said) return;
    this.said = said;
    show(this.status, ring(told), ...words(told));
    const shown = told.troubles.filter(({ what }) => what !== 'leftBegun' || !busy);
    show(this.troubles, shown.length > 0 && el('h2', {}, TEXTS.stuck),
      shown.length > 0 && el('ul', { class: 'troubles' }, ...shown.map((one) => el('li', {}, icon('warning'), el('span', {}, troubled(one), one.what === 'noPc' && el('a', { href: '#devices' }, TEXTS.pairOne))))));
    const opened = [...this.waiting.querySelectorAll('details[open]')].map(({ dataset }) => dataset.status);
    show(this.waiting,
      told.cloud > 0 && waitingList(this.api, me, 'uploaded', TEXTS.seeOnTheWay(told.cloud)),
      told.begun > 0 && !busy && waitingList(this.api, me, 'pending', TEXTS.seeNotSent(told.begun), () => this.#look()),
      told.lost > 0 && waitingList(this.api, me, 'lost', TEXTS.seeLost(told.lost)));
    for (const status of opened) this.waiting.querySelector(`[data-status=${status}]`)?.setAttribute('open', '');
  }

  async #tellUnfinished() {
    const begun = (await this.ledger.every().catch(() => [])).filter((one) => one.ownerId === this.uploads.ownerId);
    const left = begun.filter((one) => !this.uploads.entries.some((entry) => entry.sha256 === one.sha256));
    if (!left.length) return show(this.unfinished);
    const names = left.slice(0, MOST_NAMES).map(({ name }) => name).join(', ');
    const more = left.length > MOST_NAMES ? ` ${TEXTS.andMore(left.length - MOST_NAMES)}` : '';
    const forget = async () => {
      for (const one of left) await this.ledger.strike(one.key);
      show(this.unfinished);
    };
    show(this.unfinished, el('div', { class: 'card' }, el('h2', {}, TEXTS.resumeTitle), el('p', {}, TEXTS.resumeHint(names + more)),
      el('button', { type: 'button', class: 'quiet', onclick: forget }, TEXTS.resumeForget)));
  }
}

/** The share that is at home, as a ring that closes. */
function ring({ head, home, cloud }) {
  const round = 2 * Math.PI * RADIUS;
  const part = home + cloud ? (round * home) / (home + cloud) : 0;
  const circle = (given) => svg('circle', { cx: 74, cy: 74, r: RADIUS, fill: 'none', 'stroke-width': 9, ...given });
  const drawn = svg('svg', { viewBox: '0 0 148 148', role: 'img', 'aria-label': TEXTS.homeShare(home, home + cloud) },
    circle({ class: 'whole' }),
    part > 0 && circle({ class: 'part', 'stroke-linecap': 'round', 'stroke-dasharray': `${part} ${round}` }));
  return el('div', { class: `ring ${head}` }, drawn, icon(DRAWINGS[head], 56));
}

function words(told) {
  const heads = { nothing: TEXTS.nothingYet, home: TEXTS.allHome, onTheWay: TEXTS.onTheWay(told.cloud) };
  const hints = { nothing: TEXTS.nothingYetHint, home: TEXTS.homeShare(told.home, told.home), onTheWay: TEXTS.onTheWayHint };
  const tile = (name, number) => el('div', {}, el('dt', {}, name), el('dd', {}, count(number)));
  return [
    el('p', { class: `head ${told.head}` }, heads[told.head]),
    el('p', { class: 'hint' }, hints[told.head]),
    told.head !== 'nothing' && el('dl', { class: 'tiles' }, tile(TEXTS.atHome, told.home), tile(TEXTS.inCloud, told.cloud), tile(TEXTS.notSent, told.begun)),
  ];
}

function troubled(one) {
  if (one.what === 'noPc') return TEXTS.noPc;
  if (one.what === 'lost' || one.what === 'leftBegun') return TEXTS[one.what](one.count);
  if (one.what === 'pcFull') return TEXTS.pcFull(one.name, size(one.room));
  return TEXTS[one.what](one.name, one.since && ago(one.since));
}
