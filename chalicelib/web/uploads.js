/**
 * Brings chosen files in: read, begun, sent, seen to have arrived. What is sent counts once S3 has acknowledged it, what
 * is leaving is told beside it; what is safe is told only by the API. The world (API, ledger, hashing, PUT) is handed in.
 */

import { PutError } from './put.js';
import { BATCH, MOST_TRIES, cut, isFresh, isSafe, keyOf, lacking, pauseBefore, typeOf } from './plan.js';
import { Slots, asleep } from './slots.js';

const AT_ONCE = 4;
const LOOK_MS = 1500;
const MOST_SINGLE_LOOKS = 5;

/** Raised when a file cannot go on by itself; `reason` is one of the texts. */
class StoppedError extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

export class Uploads extends EventTarget {
  entries = [];
  #slots = new Slots(AT_ONCE);
  #ended = new AbortController();
  #beginning = false;
  #looking = false;

  constructor({ api, ledger, hashing, put, ownerId }) {
    super();
    Object.assign(this, { api, ledger, hashing, put, ownerId });
  }

  /** @param {Iterable<File>} files */
  add(files) {
    const known = new Set(this.entries.map((entry) => keyOf(entry.file)));
    for (const file of files) {
      if (known.has(keyOf(file))) continue;
      const entry = { file, name: file.name, size: file.size, sent: 0, state: 'waiting' };
      this.entries.push(entry);
      this.#read(entry);
    }
    this.#changed();
  }

  /** Try again what stopped. */
  again() {
    for (const entry of this.entries.filter((one) => one.state === 'failed')) this.#read(entry);
  }

  /** Go on by itself with what only the line has stopped: it is back, or the phone was unlocked. */
  resume() {
    for (const entry of this.entries.filter((one) => one.state === 'failed' && one.reason === 'network')) this.#read(entry);
  }

  /** Have a file back that was thrown away. */
  bringBack(entry) {
    entry.restore = true;
    this.#set(entry, { state: 'ready', reason: undefined });
    this.#begin();
  }

  clear() {
    this.entries = this.entries.filter((entry) => !isSafe(entry) && entry.state !== 'refused');
    this.#changed();
  }

  end() {
    this.#ended.abort();
    this.entries = [];
  }

  async #read(entry) {
    this.#set(entry, { state: 'hashing', reason: undefined });
    try {
      const known = await this.ledger.find(keyOf(entry.file)).catch(() => null);
      entry.sha256 = known?.ownerId === this.ownerId ? known.sha256 : await this.hashing.digest(entry.file);
      this.#set(entry, { state: 'ready' });
      this.#begin();
    } catch {
      this.#set(entry, { state: 'failed', reason: 'unreadable' });
    }
  }

  /** Begin what is read, a batch at a time; what is read meanwhile goes into the next. */
  async #begin() {
    if (this.#beginning) return;
    this.#beginning = true;
    try {
      for (let batch = this.#ready(); batch.length; batch = this.#ready()) await this.#beginBatch(batch);
    } finally {
      this.#beginning = false;
    }
  }

  #ready() {
    return this.entries.filter((entry) => entry.state === 'ready').slice(0, BATCH);
  }

  async #beginBatch(batch) {
    try {
      const files = batch.map(declare);
      const told = await this.#patiently(() => this.api.post('uploads', { files }));
      told.files.forEach((answer, at) => this.#begun(batch[at], answer));
    } catch (error) {
      for (const entry of batch) this.#stop(entry, error);
    }
  }

  #begun(entry, answer) {
    entry.fileId = answer.fileId;
    if (answer.outcome === 'refused') return this.#set(entry, { state: 'refused', reason: answer.reason });
    if (answer.outcome === 'duplicate') {
      entry.wasHere = answer.status !== 'pending';
      return this.#arrived(entry, answer.status);
    }
    this.#send(entry, answer);
  }

  async #send(entry, answer) {
    this.#set(entry, { state: 'sending' });
    try {
      await this.#note(entry);
      const send = answer.outcome === 'multipart' ? this.#sendParts(entry, answer) : this.#sendWhole(entry, answer.link);
      this.#arrived(entry, await send);
    } catch (error) {
      this.#stop(entry, error);
    }
  }

  /** @returns {Promise<string>} the status it has by then */
  #sendWhole(entry, link) {
    return this.#slots.run(() => this.#tryToPut(entry, entry.file, link, async () => {
      const standing = await this.#links(entry, []);
      return { status: standing.status, link: standing.link };
    }));
  }

  async #sendParts(entry, { partSize }) {
    const parts = cut(entry.size, partSize);
    for (let round = 0; round < MOST_TRIES; round += 1) {
      const standing = await this.#links(entry, []);
      if (standing.status !== 'pending') return standing.status;
      const left = lacking(parts, standing.have ?? []);
      entry.parts = new Map(parts.filter((part) => !left.includes(part)).map((part) => [part.part, part.end - part.start]));
      this.#progressed(entry);
      await this.#all(left.map((part) => this.#slots.run(() => this.#sendPart(entry, part))));
      const told = await this.#patiently(() => this.api.post(`uploads/${entry.fileId}/complete`)).catch(unlessMissing);
      if (told) return told.status;
    }
    throw new StoppedError('link');
  }

  async #sendPart(entry, { part, start, end }) {
    const blob = entry.file.slice(start, end);
    const sha256 = await this.hashing.digest(blob).catch(() => { throw new StoppedError('unreadable'); });
    const renew = async () => {
      const standing = await this.#links(entry, [{ part, sha256 }]);
      return { status: standing.status, link: standing.links?.[0], there: !standing.links?.length };
    };
    await this.#tryToPut(entry, blob, null, renew, part);
    entry.parts.set(part, blob.size);
    this.#progressed(entry);
  }

  /** Put, and again with a fresh link where it was not taken. Returns the status the file has by then. */
  async #tryToPut(entry, blob, link, renew, part = 0) {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      await this.#pause(tries);
      if (!isFresh(link, Date.now())) {
        const told = await renew();
        if (told.status !== 'pending') return told.status;
        if (told.there) return 'pending';
        link = told.link;
      }
      try {
        await this.put(link, blob, (sent) => this.#leaves(entry, part, sent), this.#ended.signal);
        this.#leaves(entry, part, 0);
        if (!part) entry.sent = blob.size;
        return 'pending';
      } catch (error) {
        if (!(error instanceof PutError)) throw error;
        // 400 is a hash or a size that is not as declared: the file changed since it was read.
        if (error.status === 400) throw await this.#forgotten(entry);
        this.#leaves(entry, part, 0);
        if (error.status !== 0) link = null;
      }
    }
    throw new StoppedError(navigator.onLine ? 'link' : 'network');
  }

  #links(entry, parts) {
    return this.#patiently(() => this.api.post(`uploads/${entry.fileId}/links`, { parts }));
  }

  /** Ask again while it is the line or the service that is unwell. */
  async #patiently(ask) {
    for (let tries = 0; ; tries += 1) {
      try {
        return await ask();
      } catch (error) {
        if (!error.isPassing || tries === MOST_TRIES) throw error;
        await asleep(Math.max(pauseBefore(tries + 1), (error.retryAfter ?? 0) * 1000), this.#ended.signal);
      }
    }
  }

  #pause(tries) {
    return asleep(pauseBefore(tries), this.#ended.signal);
  }

  /** Wait for all, even where one fails: a part that still runs would go on behind our back. */
  async #all(asked) {
    const failed = (await Promise.allSettled(asked)).find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #note(entry) {
    const { name, size, sha256, fileId } = entry;
    const at = new Date().toISOString();
    const written = { key: keyOf(entry.file), name, size, sha256, fileId, ownerId: this.ownerId, at };
    await this.ledger.write(written).catch(() => {});
  }

  async #forgotten(entry) {
    await this.ledger.strike(keyOf(entry.file)).catch(() => {});
    return new StoppedError('unreadable');
  }

  #arrived(entry, status) {
    if (status === 'uploaded' || status === 'downloaded') {
      this.ledger.strike(keyOf(entry.file)).catch(() => {});
      this.#set(entry, { state: status });
    } else {
      this.#set(entry, { state: status === 'pending' ? 'checking' : 'refused', reason: status === 'pending' ? undefined : status });
    }
    this.#look();
  }

  /** Look at what is under way until all is home, with one question for many. */
  async #look() {
    if (this.#looking) return;
    this.#looking = true;
    for (let rounds = 0; this.#unsettled().length && !this.#ended.signal.aborted; rounds += 1) {
      const soon = this.#unsettled().some((entry) => entry.state === 'checking');
      await asleep(soon ? LOOK_MS : Math.min(60_000, LOOK_MS * 1.3 ** rounds), this.#ended.signal).catch(() => {});
      await this.#lookOnce().catch(() => {});
    }
    this.#looking = false;
  }

  #unsettled() {
    return this.entries.filter((entry) => entry.state === 'checking' || entry.state === 'uploaded');
  }

  async #lookOnce() {
    const left = new Map(this.#unsettled().map((entry) => [entry.fileId, entry]));
    if (left.size > MOST_SINGLE_LOOKS) {
      const limit = Math.min(500, Math.max(100, this.entries.length * 2));
      const told = await this.api.get(`files?order=arrival&limit=${limit}`);
      for (const file of told.files) this.#seen(left, file);
    }
    for (const [fileId] of [...left].slice(0, MOST_SINGLE_LOOKS)) this.#seen(left, await this.api.get(`files/${fileId}`));
  }

  #seen(left, { fileId, status }) {
    const entry = left.get(fileId);
    if (!entry) return;
    left.delete(fileId);
    if (status === entry.state || status === 'pending') return;
    this.#arrived(entry, status);
  }

  /** What is on the line may be lost with it: it is shown, but counts for nothing yet. */
  #leaves(entry, part, sent) {
    entry.leaving ??= new Map();
    entry.leaving.set(part, sent);
    this.#changed();
  }

  #progressed(entry) {
    if (entry.parts) entry.sent = [...entry.parts.values()].reduce((sum, sent) => sum + sent, 0);
    this.#changed();
  }

  #stop(entry, error) {
    if (this.#ended.signal.aborted) return;
    const reason = error.reason ?? (error.status === 401 ? 'signedOut' : 'network');
    this.#set(entry, { state: 'failed', reason });
  }

  #set(entry, change) {
    Object.assign(entry, change);
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

function declare(entry) {
  const { name, size, sha256, restore, file } = entry;
  const takenAt = file.lastModified > 0 ? new Date(file.lastModified).toISOString() : undefined;
  return { name, size, sha256, type: typeOf(file), takenAt, ...(restore ? { restore } : {}) };
}

function unlessMissing(error) {
  if (error.code !== 'PartsMissingError') throw error;
  return null;
}
