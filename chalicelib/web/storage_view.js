/** What there is, where, since when, and what it costs. */

import { bars, legend, shares, table } from './charts.js';
import { el, facts, show } from './dom.js';
import { TEXTS, count, files, money, month, shortMonth, size } from './texts.js';

const MONTHS = 6;
const STATES = ['downloaded', 'uploaded', 'pending', 'trashed', 'purging', 'lost'];
const KINDS = ['photo', 'video', 'other'];

export class StorageView {
  constructor(root, api) {
    Object.assign(this, { root, api });
  }

  async open() {
    show(this.root, el('p', { role: 'status', class: 'working' }, TEXTS.working));
    const [usage, { cost }, storage] = await Promise.all(['usage', 'analytics/overview', 'analytics/storage'].map((path) => this.api.get(path)));
    show(this.root, now(usage), price(cost), byMonth(storage.byMonth), byKind(storage.byKind), byDevice(storage.byDevice));
  }
}

const card = (title, ...children) => el('section', { class: 'card' }, el('h2', {}, title), ...children);
const amounts = ({ files: number, bytes }) => [count(number), size(bytes)];

function now({ inCloud, byStatus, quotaBytes, leftBytes }) {
  const told = STATES.filter((name) => byStatus[name].files > 0)
    .map((name) => [TEXTS.status[name], `${files(byStatus[name].files)} · ${size(byStatus[name].bytes)}`]);
  return card(TEXTS.inAll, el('p', { class: 'figure' }, size(inCloud.bytes)),
    el('p', { class: 'hint' }, quotaBytes ? TEXTS.quotaLeft(leftBytes, quotaBytes) : files(inCloud.files)),
    told.length ? facts(told) : el('p', { class: 'hint' }, TEXTS.nothingStored));
}

function price(cost) {
  return card(TEXTS.costTitle(month(cost.month)), el('p', { class: 'figure' }, money(cost.total)),
    facts(['storage', 'requests', 'transfer'].map((name) => [TEXTS.costs[name], money(cost[name])])),
    el('p', { class: 'hint' }, TEXTS.costHint(cost.pricesOf, month(cost.pricesAsOf))));
}

/** The API tells the latest first; a chart is read from the left. */
function byMonth(told) {
  if (!told.length) return null;
  const columns = lastMonths(told[0].month, MONTHS).map((name) => {
    const found = told.find((one) => one.month === name);
    return { name, short: shortMonth(name), values: [found?.cameIn.bytes ?? 0, found?.wentHome.bytes ?? 0] };
  });
  return card(TEXTS.byMonth, bars(TEXTS.byMonthLabel, size, columns), legend([TEXTS.cameIn, TEXTS.wentHome]),
    table([TEXTS.month, TEXTS.cameIn, TEXTS.wentHome], told.map((one) => [month(one.month), size(one.cameIn.bytes), size(one.wentHome.bytes)])));
}

/** @param {string} last as 2026-11 */
export function lastMonths(last, number) {
  const [year, of] = last.split('-').map(Number);
  return Array.from({ length: number }, (_, at) => {
    const months = year * 12 + (of - 1) - (number - 1 - at);
    return `${Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, '0')}`;
  });
}

function byKind(told) {
  if (!told.length) return null;
  const of = (kind) => told.find((one) => one.kind === kind) ?? { files: 0, bytes: 0 };
  return card(TEXTS.byKind, shares(TEXTS.byKindLabel, KINDS.map((kind) => of(kind).bytes)), legend(KINDS.map((kind) => TEXTS.kinds[kind])),
    table([TEXTS.type, TEXTS.filesHead, TEXTS.bytesHead], KINDS.map((kind) => [TEXTS.kinds[kind], ...amounts(of(kind))])));
}

function byDevice(told) {
  if (!told.length) return null;
  const name = (one) => (one.deviceId ? one.deviceName ?? TEXTS.goneDevice : TEXTS.sentHere);
  return card(TEXTS.byDevice, facts(told.map((one) => [name(one), `${files(one.files)} · ${size(one.bytes)}`])));
}
