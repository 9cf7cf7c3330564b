/**
 * Every English text of the page, and nothing else. Another language is another file like this one. Dates, numbers
 * and sizes are written as the system's language has them, whatever the texts are.
 */

const numbers = new Intl.NumberFormat();
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

/** @param {number} bytes */
export function size(bytes) {
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const shown = { style: 'unit', unit: UNITS[step], maximumFractionDigits: step > 1 ? 1 : 0 };
  return new Intl.NumberFormat(undefined, shown).format(bytes / 1000 ** step);
}

/** @param {number} number */
export const count = (number) => numbers.format(number);

/** @param {number} number */
export const files = (number) => `${count(number)} ${number === 1 ? 'file' : 'files'}`;

/** @param {string} moment */
export const when = (moment) => new Date(moment).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** @param {string} month as 2026-11 */
export const month = (month) => new Date(`${month}-15T12:00:00`).toLocaleDateString(undefined, { month: 'long', year: 'numeric' });

export const TEXTS = {
  name: 'Backhaul',
  working: 'One moment…',
  offline: 'No connection. Uploads go on by themselves once it is back.',

  signIn: 'Sign in',
  signUp: 'Create an account',
  signOut: 'Sign out',
  email: 'E-mail address',
  password: 'Password',
  newPassword: 'New password',
  passwordRule: 'At least 12 characters, with a lower-case letter, a capital and a digit.',
  staySignedIn: 'Stay signed in on this device',
  code: 'Code',
  confirmTitle: 'Confirm your address',
  confirmHint: (email) => `We mailed a code of six digits to ${email}.`,
  confirm: 'Confirm',
  resend: 'Send another code',
  resent: 'If the address waits for a code, another one is on its way.',
  haveCode: 'I have a code',
  challengeTitle: 'Your authenticator app',
  challengeHint: 'Type the six digits that the app shows.',
  forgot: 'Forgot your password?',
  forgotTitle: 'A new password',
  sendCode: 'Send a code',
  setPassword: 'Set the password',
  passwordSet: 'The password is set. Sign in with it.',
  back: 'Back',

  home: 'Home',
  library: 'Library',
  devices: 'Devices',

  allHome: 'Everything is safe at home',
  onTheWay: (number) => `${files(number)} on the way home`,
  nothingYet: 'Nothing here yet',
  nothingYetHint: 'Choose photos and videos, and they come home by themselves.',
  atHome: 'At home',
  inCloud: 'In the cloud, on the way home',
  notSent: 'Begun, not sent yet',
  stuck: 'What needs you',
  noPc: 'No PC is paired. Your files are safe in the cloud, and come home once a PC is paired.',
  pcSilent: (name, since) => `${name} was last seen ${since}. Is it switched on?`,
  pcNeverSeen: (name) => `${name} is paired, but has not been seen yet. Is Backhaul running on it?`,
  leftBegun: (number) => `${files(number)} begun and never sent. Choose them again on the device that has them.`,

  choose: 'Choose photos and videos',
  chooseHint: 'Keep this page open until everything is sent.',
  sending: 'Sending',
  state: {
    waiting: 'Waiting',
    hashing: 'Reading',
    ready: 'Waiting to be sent',
    sending: 'Sending',
    checking: 'Sent, being checked',
    uploaded: 'Safe in the cloud',
    downloaded: 'Safe at home',
    refused: 'Not taken',
    failed: 'Stopped',
  },
  wasHere: 'was here already',
  progress: (sent, all) => `${size(sent)} of ${size(all)}`,
  remaining: (number) => `${files(number)} not safe yet`,
  allSafe: (number) => (number === 1 ? 'The file is safe in the cloud' : `All ${count(number)} files are safe in the cloud`),
  allSafeHome: (number) => (number === 1 ? 'The file is safe at home' : `All ${count(number)} files are safe at home`),
  notAll: (number) => `${files(number)} could not be sent`,
  tryAgain: 'Try again',
  bringBack: 'Bring it back',
  clearList: 'Clear the list',
  resumeTitle: 'Not finished last time',
  resumeHint: (names) => `Choose ${names} again: sending goes on where it stopped.`,
  andMore: (number) => `and ${count(number)} more`,
  resumeForget: 'Never mind',
  reasons: {
    badName: 'Its name cannot be kept.',
    badType: 'Its type is not known.',
    badSize: 'Its size cannot be right.',
    badSha256: 'It could not be read whole.',
    badTakenAt: 'Its date cannot be right.',
    badFile: 'It could not be described.',
    empty: 'It is empty.',
    tooLarge: 'It is too large.',
    otherSize: 'It was begun with another size.',
    quota: 'There is no room left.',
    trashed: 'You threw it away before.',
    unreadable: 'This device would not let it be read. Choose it again.',
    network: 'The connection broke too often.',
    link: 'The cloud would not take it.',
    signedOut: 'You were signed out.',
  },

  libraryEmpty: 'What you send appears here, by month.',
  more: 'Show more',
  markHome: 'at home',
  markCloud: 'in the cloud',
  markPending: 'not sent yet',

  noDevices: 'No phone or PC is paired yet.',
  pairTitle: 'Pair a device',
  pairHint: 'Start Backhaul on your PC. It shows a code of eight letters.',
  pairCode: 'Code shown by the device',
  pairLook: 'Look it up',
  pairAsk: (name) => `Let ${name} in?`,
  pairWarning: 'Only say yes if you started this yourself, just now.',
  pairWho: { pc: 'A PC: it will receive all your files.', phone: 'A phone: it may send files and look at them.' },
  platform: 'System',
  address: 'Asks from',
  approve: 'Yes, let it in',
  deny: 'No',
  approved: (name) => `${name} is let in. It finishes by itself within seconds.`,
  denied: (name) => `${name} was turned away.`,
  lastSeen: (moment) => `Last seen ${moment}`,
  neverSeen: 'Not seen yet',
  owedNone: 'Has everything',
  owed: (number) => `${files(number)} on the way to it`,
  catchingUp: (number) => `Is told of all there is: ${files(number)} so far`,
  room: (bytes) => `${size(bytes)} free`,
  revoke: 'Remove',
  revokeAsk: (name) => `Remove ${name}? It can send and receive nothing more. Files on it stay there.`,
  revoked: (name) => `${name} is removed.`,
  rename: 'Rename',
  newName: 'New name',
  save: 'Save',
  cancel: 'Cancel',

  unreachable: 'Backhaul cannot be reached. Is there a connection?',
  unexpected: 'Something went wrong. Try again.',
  errors: {
    WrongCredentialsError: 'Address or password is wrong, or the address is not confirmed yet.',
    WrongCodeError: 'This code is wrong or too old.',
    WeakPasswordError: 'The password is too weak.',
    NewPasswordNeededError: 'This password must be replaced. Choose “Forgot your password?”.',
    SessionEndedError: 'The sign-in has ended. Sign in again.',
    TooManyRequestsError: 'Too many tries. Wait a few minutes.',
    NotFoundError: 'There is nothing under this code. It lives for ten minutes.',
    BadInputError: 'Something typed in is not right.',
  },
};
