/** The rules of sending: which parts, when again, what may be said. Pure. */

export const MOST_TRIES = 8;
export const BATCH = 100;
const LINK_LEEWAY_MS = 30_000;

/**
 * @param {number} size
 * @param {number} partSize
 * @returns {{part: number, start: number, end: number}[]}
 */
export function cut(size, partSize) {
  const parts = [];
  for (let start = 0; start < size; start += partSize) {
    parts.push({ part: parts.length + 1, start, end: Math.min(start + partSize, size) });
  }
  return parts;
}

/** The parts that S3 has not, or has in another size than agreed. */
export function lacking(parts, have) {
  const sizes = new Map(have.map((one) => [one.part, one.size]));
  return parts.filter((part) => sizes.get(part.part) !== part.end - part.start);
}

/** Whether a link can still be begun with. */
export function isFresh(link, now) {
  return Boolean(link) && Date.parse(link.expiresAt) - now > LINK_LEEWAY_MS;
}

/** How long to wait before a try, in milliseconds; the first one at once. */
export function pauseBefore(tries) {
  return tries === 0 ? 0 : Math.min(30_000, 500 * 2 ** tries);
}

/** What a chosen file is known by until it is read: the same again is taken to be unchanged, as file systems do. */
export function keyOf(file) {
  return `${file.name}|${file.size}|${file.lastModified}`;
}

const SETTLED = new Set(['uploaded', 'downloaded']);
const OVER = new Set(['refused', 'failed']);

export const isSafe = (entry) => SETTLED.has(entry.state);
export const isOver = (entry) => OVER.has(entry.state);

/** What a list of uploads comes to; `safe` only when each single one has at least arrived. */
export function sum(entries) {
  const told = { count: entries.length, sent: 0, bytes: 0, safe: 0, home: 0, over: 0 };
  for (const entry of entries) {
    told.bytes += entry.size;
    told.sent += isSafe(entry) ? entry.size : Math.min(entry.sent, entry.size);
    told.safe += isSafe(entry) ? 1 : 0;
    told.home += entry.state === 'downloaded' ? 1 : 0;
    told.over += isOver(entry) ? 1 : 0;
  }
  const all = told.count > 0 && told.safe === told.count;
  return { ...told, allSafe: all, allHome: all && told.home === told.count, busy: told.safe + told.over < told.count };
}

/** A type that the API takes; browsers leave it empty for what they do not know. */
export function typeOf(file) {
  return /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(file.type) ? file.type : 'application/octet-stream';
}
