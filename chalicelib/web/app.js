/** Puts the page together: who is signed in, which screen is open, what goes on behind all of them. */

import { AccountRooms } from './account_rooms.js';
import { AccountView } from './account_view.js';
import { Api } from './api.js';
import { Awake } from './awake.js';
import { DevicesView } from './devices_view.js';
import { el, show } from './dom.js';
import { explain } from './explain.js';
import { Hashing } from './hashing.js';
import { HomeView } from './home_view.js';
import { icon } from './icons.js';
import { Ledger } from './ledger.js';
import { LibraryView } from './library_view.js';
import { sum } from './plan.js';
import { put } from './put.js';
import { Session } from './session.js';
import { TEXTS } from './texts.js';
import { script } from './trusted.js';
import { Uploads } from './uploads.js';

const root = document.getElementById('app');
const session = new Session();
const api = new Api(session);
const ledger = new Ledger();
const hashing = new Hashing();
const awake = new Awake();
const SCREENS = ['home', 'library', 'devices', 'account'];
let uploads = null;
let open = null;
let code = asksToPair();

session.addEventListener('ended', ({ detail }) => signedOut(detail));
addEventListener('hashchange', () => uploads && go());
addEventListener('online', () => {
  tellLine();
  uploads?.resume();
});
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && uploads?.resume());
addEventListener('offline', tellLine);
addEventListener('beforeunload', (event) => {
  if (uploads && sum(uploads.entries).busy) event.preventDefault();
});
start();

async function start() {
  keepOffline();
  if (!session.isOpen) return new AccountView(root, session, () => signedIn()).signIn();
  show(root, el('p', { class: 'working', role: 'status' }, TEXTS.working));
  await signedIn();
}

async function signedIn() {
  try {
    const { ownerId } = await api.get('me');
    uploads = new Uploads({ api, ledger, hashing, put, ownerId });
    uploads.addEventListener('change', () => awake.want(sum(uploads?.entries ?? []).busy));
    frame();
    go();
  } catch (error) {
    if (!session.isOpen) return;
    show(root, el('main', { class: 'account' }, el('p', { role: 'alert' }, explain(error)),
      el('button', { type: 'button', class: 'main', onclick: () => start() }, TEXTS.tryAgain)));
  }
}

/** @param {''|'ended'|'closed'} why */
function signedOut(why) {
  if (why === 'closed') ledger.clear().catch(() => {});
  open?.close();
  uploads?.end();
  uploads = open = null;
  awake.want(false);
  if (location.hash) history.replaceState(null, '', location.pathname);
  new AccountView(root, session, () => signedIn()).signIn('', why && TEXTS[why]);
}

async function signOut() {
  await ledger.clear().catch(() => {});
  await session.signOut();
}

function frame() {
  const link = (name) => el('a', { href: `#${name}`, id: `to-${name}` }, icon(name), TEXTS[name]);
  show(root,
    el('header', {}, el('p', { class: 'brand' }, el('img', { src: 'web/icon.svg', alt: '', width: 32, height: 32 }), TEXTS.name)),
    el('p', { id: 'line', role: 'status', class: 'line' }),
    el('main', { id: 'screen' }),
    el('nav', { 'aria-label': TEXTS.name }, ...SCREENS.map(link)));
  tellLine();
}

function go() {
  const [asked, ...path] = code ? ['devices'] : location.hash.slice(1).split('/');
  const name = SCREENS.includes(asked) ? asked : 'home';
  const screen = document.getElementById('screen');
  // A screen of several rooms is told of the way within it, and stays.
  if (open?.name === name && open.go) return open.go(path);
  open?.close();
  for (const one of SCREENS) {
    const link = document.getElementById(`to-${one}`);
    if (one === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const made = {
    home: () => new HomeView(screen, api, uploads, ledger),
    library: () => new LibraryView(screen, api, path),
    devices: () => new DevicesView(screen, api, code),
    account: () => new AccountRooms(screen, { api, session, signOut, path }),
  };
  open = made[name]();
  code = '';
  open.open().catch((error) => session.isOpen && screen.append(el('p', { role: 'alert', class: 'alert' }, explain(error))));
  scrollTo(0, 0);
  screen.querySelector('h1')?.focus({ preventScroll: true });
}

/** The code of the link that a device shows; taken out of the address, so that a reload does not ask again. */
function asksToPair() {
  const here = new URL(location.href);
  const asked = here.pathname.endsWith('/pair') ? here.searchParams.get('code') ?? '' : '';
  if (here.pathname.endsWith('/pair')) {
    history.replaceState(null, '', new URL('./#devices', here).href);
  }
  return asked;
}

function tellLine() {
  const line = document.getElementById('line');
  if (line) line.textContent = navigator.onLine ? '' : TEXTS.offline;
}

async function keepOffline() {
  if (!('serviceWorker' in navigator)) return;
  await navigator.serviceWorker.register(script('sw.js'), { scope: new URL('../', import.meta.url).pathname }).catch(() => {});
}
