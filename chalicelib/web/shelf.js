/** Files of one list, read page after page, in the order of their capture. Knows how lists page; nothing of what is shown. */

const FIRST_PAGE = 100;
const PAGE = 500;
/** So many are read without being asked for, so that a whole library can be scrolled through; the rest on demand. */
const EAGER = 10_000;

export class Shelf extends EventTarget {
  files = [];
  /** Moves when files change their places or go, not when more come in at the end. */
  edition = 0;
  done = false;
  error = null;
  #ask;
  #known = new Set();
  #dropped = new Set();
  #next;
  #reading = false;
  #ended = false;
  #wanted;

  /**
   * @param {(page: {limit: number, next?: string}) => Promise<{files: object[], next?: string}>} ask
   * @param {number} eager how many are read without anybody coming near the end
   */
  constructor(ask, eager = EAGER) {
    super();
    this.#ask = ask;
    this.#wanted = eager;
  }

  /** Read on until all is here, or as much as is wanted for now; say of each page that it came. */
  async read() {
    if (this.#reading || this.done) return;
    this.#reading = true;
    this.error = null;
    try {
      while (!this.done && !this.#ended && this.files.length < this.#wanted) await this.#page();
    } catch (error) {
      this.error = error;
    } finally {
      this.#reading = false;
    }
    this.#changed();
  }

  /** Somebody comes near the end of what is here. */
  more() {
    if (this.done || this.#reading || this.error) return;
    this.#wanted = Math.max(this.#wanted, this.files.length + PAGE);
    this.read();
  }

  end() {
    this.#ended = true;
  }

  find(fileId) {
    return this.files.findIndex((file) => file.fileId === fileId);
  }

  /** Show files as they are now. */
  put(files) {
    const now = new Map(files.map((file) => [file.fileId, file]));
    this.files = this.files.map((file) => (now.has(file.fileId) ? { ...file, ...now.get(file.fileId) } : file));
    this.edition += 1;
    this.#changed();
  }

  drop(fileIds) {
    const gone = new Set(fileIds);
    this.files = this.files.filter(({ fileId }) => !gone.has(fileId));
    for (const fileId of gone) {
      this.#known.delete(fileId);
      // A list lags behind: what was thrown away a moment ago may still be told.
      this.#dropped.add(fileId);
    }
    this.edition += 1;
    this.#changed();
  }

  /** Have files back that were dropped. */
  add(files) {
    for (const { fileId } of files) this.#dropped.delete(fileId);
    if (this.#take(files)) this.#changed();
  }

  /** Look at the latest once more: some are new, of some more is known. */
  async renew() {
    const { files } = await this.#ask({ limit: FIRST_PAGE });
    if (this.#ended) return;
    const fresh = this.#take(files.filter(({ fileId }) => !this.#dropped.has(fileId)));
    const before = new Map(this.files.map((file) => [file.fileId, JSON.stringify(file)]));
    const other = files.filter((file) => before.has(file.fileId) && before.get(file.fileId) !== JSON.stringify(file));
    if (other.length) this.put(other);
    else if (fresh) this.#changed();
  }

  async #page() {
    const told = await this.#ask({ limit: this.#next ? PAGE : FIRST_PAGE, next: this.#next });
    if (this.#ended) return;
    this.#take(told.files);
    this.#next = told.next;
    this.done = !told.next;
    this.#changed();
  }

  /** A file may move between two pages and be told twice: the first time counts. */
  #take(files) {
    const fresh = files.filter(({ fileId }) => !this.#known.has(fileId));
    if (!fresh.length) return false;
    for (const { fileId } of fresh) this.#known.add(fileId);
    const inOrder = [this.files.at(-1) ?? fresh[0], ...fresh].every((file, at, all) => at === 0 || !isBefore(file, all[at - 1]));
    this.files = this.files.concat(fresh);
    if (!inOrder) {
      this.files.sort((one, other) => (isBefore(one, other) ? -1 : isBefore(other, one) ? 1 : 0));
      this.edition += 1;
    }
    return true;
  }

  #changed() {
    if (!this.#ended) this.dispatchEvent(new Event('change'));
  }
}

/** The latest first, by the clock on the wall where it was captured, as the API orders them. */
export function isBefore(one, other) {
  const [mine, theirs] = [wall(one), wall(other)];
  return mine === theirs ? one.fileId > other.fileId : mine > theirs;
}

const wall = ({ capturedAt }) => capturedAt.slice(0, 19) + (/^\.(\d+)/.exec(capturedAt.slice(19))?.[1] ?? '').slice(0, 3).padEnd(3, '0');
