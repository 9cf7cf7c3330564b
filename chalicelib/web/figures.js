/** Numbers, sizes, dates and sums of money as the system's language writes them, whatever the texts are. */

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

/** @param {number} share of a hundred */
export const percent = (share) => new Intl.NumberFormat(undefined, { style: 'percent' }).format(share / 100);

/** @param {string} moment */
export const when = (moment) => new Date(moment).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** @param {string} moment */
export const day = (moment) => new Date(moment).toLocaleDateString(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

/** @param {string} moment */
export const hour = (moment) => new Date(moment).toLocaleTimeString(undefined, { timeStyle: 'short' });

const AGES = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000]];
/** How long ago, in the system's words. @param {string} moment */
export function ago(moment, now = Date.now()) {
  const passed = now - Date.parse(moment);
  if (passed > 30 * AGES[0][1]) return when(moment);
  const [unit, length] = AGES.find(([, length]) => passed >= length) ?? ['minute', Infinity];
  return new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' }).format(-Math.floor(passed / length), unit);
}

/** @param {number} nanoDollars */
export function money(nanoDollars) {
  const dollars = nanoDollars / 1e9;
  const digits = dollars > 0 && dollars < 0.1 ? 4 : 2;
  return new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', maximumFractionDigits: digits }).format(dollars);
}

/** @param {string} month as 2026-11 */
export const shortMonth = (month) => new Date(`${month}-15T12:00:00`).toLocaleDateString(undefined, { month: 'short' });

/** @param {string} month as 2026-11 */
export const month = (month) => new Date(`${month}-15T12:00:00`).toLocaleDateString(undefined, { month: 'long', year: 'numeric' });

/** A moment as the clock on the wall showed it there, wherever it is looked at. @param {string} moment */
export const wallClock = (moment) => when(moment.slice(0, 19));

/** @param {{lat: number, lon: number}} place */
export const place = ({ lat, lon }) => {
  const degrees = (number, [plus, minus]) => `${new Intl.NumberFormat(undefined, { maximumFractionDigits: 4 }).format(Math.abs(number))}° ${number < 0 ? minus : plus}`;
  return `${degrees(lat, 'NS')}, ${degrees(lon, 'EW')}`;
};

/** How many days a file stays in the trash yet. @param {string} trashedAt */
export const daysLeft = (trashedAt) => Math.max(0, Math.ceil(30 - (Date.now() - Date.parse(trashedAt)) / 86_400_000));

/** @param {string[]} names */
export const list = (names) => new Intl.ListFormat('en', { type: 'conjunction' }).format(names);
