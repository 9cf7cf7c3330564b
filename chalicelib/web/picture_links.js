/** Links to previews and originals: asked for a hundred at a time, kept until they end, and only for what is still in view. */

const BATCH = 100;
const AT_ONCE = 2;
const SETTLE_MS = 40;
const EARLY_MS = 60_000;
const LATER_MS = 15_000;
const RETRY_MS = 4000;

export class PictureLinks extends EventTarget {
  #kept = new Map();
  #wanted = [];
  #asking = new Set();
  #running = 0;
  #timer = 0;
  #resting = 0;

  constructor(api, now = Date.now) {
    super();
    Object.assign(this, { api, now });
  }

  /** The link to a preview if there is one and it lives for a while yet. */
  find(fileId, variant = '256') {
    const kept = this.#fresh(fileId, variant);
    return kept?.url;
  }

  /** Say which small previews are in view now. Who scrolls past quickly asks for nothing. */
  want(fileIds) {
    this.#wanted = fileIds;
    if (!this.#timer) this.#timer = setTimeout(() => this.#pump(), Math.max(SETTLE_MS, this.#resting - this.now()));
  }

  /** The link did not lead anywhere: ask for another. */
  forget(fileId, variant = '256') {
    this.#kept.delete(`${fileId} ${variant}`);
  }

  end() {
    clearTimeout(this.#timer);
    this.#wanted = [];
  }

  /** Link to one file in one form; the answer tells why there is none. */
  async get(fileId, variant) {
    const kept = this.#fresh(fileId, variant);
    if (kept) return kept.answer;
    const [answer] = await this.#ask([{ fileId, variant }]);
    return answer;
  }

  #pump() {
    this.#timer = 0;
    const left = this.#wanted.filter((fileId) => !this.#fresh(fileId, '256') && !this.#asking.has(fileId));
    for (let from = 0; from < left.length && this.#running < AT_ONCE; from += BATCH) this.#fetch(left.slice(from, from + BATCH));
  }

  async #fetch(fileIds) {
    this.#running += 1;
    for (const fileId of fileIds) this.#asking.add(fileId);
    try {
      await this.#ask(fileIds.map((fileId) => ({ fileId, variant: '256' })));
      this.dispatchEvent(new Event('linked'));
    } catch {
      // Whoever looks on is asked again after a rest: pictures are missing meanwhile, nothing else.
      this.#resting = this.now() + RETRY_MS;
    } finally {
      this.#running -= 1;
      for (const fileId of fileIds) this.#asking.delete(fileId);
      if (this.#wanted.some((fileId) => !this.#fresh(fileId, '256'))) this.want(this.#wanted);
    }
  }

  async #ask(files) {
    const told = await this.api.post('files/links', { files });
    for (const answer of told.files) {
      // What has no preview yet may have one soon.
      const until = answer.link ? Date.parse(answer.link.expiresAt) - EARLY_MS : this.now() + LATER_MS;
      this.#kept.set(`${answer.fileId} ${answer.variant}`, { url: answer.link?.url, until, answer });
    }
    return told.files;
  }

  #fresh(fileId, variant) {
    const kept = this.#kept.get(`${fileId} ${variant}`);
    return kept && kept.until > this.now() ? kept : undefined;
  }
}
